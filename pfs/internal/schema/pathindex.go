package schema

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
