package schema

import "strings"

// PathOp is what a commit did to a path.
type PathOp uint8

// What a commit can do to a path.
const (
	// PathPut: it made or changed the entry.
	PathPut PathOp = 1 + iota
	// PathRemoved: it removed the entry.
	PathRemoved
	// PathBelow: it changed something below the directory.
	PathBelow
)

// PathRecord is a row of the path index: what the commit at a place of a line did to a path.
type PathRecord struct {
	Op     PathOp
	Commit ID
	// Kind, Hash and Size are of the entry that was put; zero for the other operations.
	Kind Kind
	Hash Hash
	Size int64
	// Detail spares who lists versions to look at the commit and its tree; nil where it was not written.
	Detail *PathDetail
}

// PathDetail is what a listing shows of a commit that removed an entry or put a file or link.
type PathDetail struct {
	// Time is the commit's.
	Time int64
	// All below is of a file that was put. Ctime is its own.
	Ctime int64
	Marks PathMarks
}

// PathMarks is a set of marks of a file.
type PathMarks uint8

// The marks. The lowest bits stand for the checksums that the file has, in the order of checksumNames.
const (
	// MarkComposite: its checksums are made of those of parts.
	MarkComposite PathMarks = 1 << (5 + iota)
	// MarkMore: there is more that a listing may depend on; only the entry itself has it.
	MarkMore
	// MarkSparse is Content.Sparse.
	MarkSparse
)

// checksumNames are the checksums that have a mark.
var checksumNames = [...]string{"crc32", "crc32c", "crc64nvme", "sha1", "sha256"}

// MarksOf returns the marks of a file.
func MarksOf(e *Entry) PathMarks {
	var marks PathMarks
	if e.Content.Sparse {
		marks |= MarkSparse
	}
	if e.Meta == nil {
		return marks
	}
	if len(e.Meta.User) > 0 {
		marks |= MarkMore
	}
	known, composite := 0, 0
	for i, name := range checksumNames {
		if value, ok := e.Meta.Checksums[name]; ok {
			known++
			marks |= 1 << i
			if strings.Contains(value, "-") {
				composite++
			}
		}
	}
	if composite > 0 {
		marks |= MarkComposite
	}
	if known < len(e.Meta.Checksums) || composite != 0 && composite != known {
		marks |= MarkMore
	}
	return marks
}

// Checksums returns the names of the checksums that the file has.
func (m PathMarks) Checksums() []string {
	var names []string
	for i, name := range checksumNames {
		if m&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Append appends the record's bytes to b.
func (r *PathRecord) Append(b []byte) []byte {
	e := newRecord()
	e.byte(byte(r.Op))
	e.raw(r.Commit[:])
	if r.Op == PathPut {
		e.byte(byte(r.Kind))
		e.raw(r.Hash[:])
		e.uint(uint64(r.Size))
	}
	if d := r.Detail; d != nil {
		e.int(d.Time)
		if r.Op == PathPut && r.Kind == KindFile {
			e.int(d.Ctime - d.Time)
			e.byte(byte(d.Marks))
		}
	}
	return append(b, e.b...)
}

// DecodePath is the inverse of PathRecord.Append.
func DecodePath(b []byte) (PathRecord, error) {
	d := openRecord(b)
	r := PathRecord{Op: PathOp(d.byte()), Commit: d.id()}
	switch {
	case r.Op == PathPut:
		r.Kind, r.Hash, r.Size = Kind(d.byte()), d.hash(), int64(d.uint())
		if r.Size < 0 {
			d.fail()
		}
	case r.Op < PathPut || r.Op > PathBelow:
		d.fail()
	}
	if d.err == nil && len(d.b) > 0 {
		r.Detail = &PathDetail{Time: d.int()}
		if r.Op == PathPut && r.Kind == KindFile {
			r.Detail.Ctime, r.Detail.Marks = r.Detail.Time+d.int(), PathMarks(d.byte())
		}
	}
	return r, d.close()
}

// SubtreeRecord is a row of the path index for a change of a whole directory: readers find the paths by comparing the two.
type SubtreeRecord struct {
	Commit   ID
	Old, New Hash
}

// Append appends the record's bytes to b.
func (r *SubtreeRecord) Append(b []byte) []byte {
	e := newRecord()
	e.raw(r.Commit[:])
	e.raw(r.Old[:])
	e.raw(r.New[:])
	return append(b, e.b...)
}

// DecodeSubtree is the inverse of SubtreeRecord.Append.
func DecodeSubtree(b []byte) (SubtreeRecord, error) {
	d := openRecord(b)
	r := SubtreeRecord{Commit: d.id(), Old: d.hash(), New: d.hash()}
	return r, d.close()
}
