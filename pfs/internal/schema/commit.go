package schema

// StoreRecord is the store's own record.
type StoreRecord struct {
	// Gen is the generation of the newest commit.
	Gen uint64
	// Line is the newest line.
	Line uint64
}

// Append appends the record's bytes to b.
func (r *StoreRecord) Append(b []byte) []byte {
	e := newRecord()
	e.uint(r.Gen)
	e.uint(r.Line)
	return append(b, e.b...)
}

// DecodeStore is the inverse of StoreRecord.Append.
func DecodeStore(b []byte) (StoreRecord, error) {
	d := openRecord(b)
	r := StoreRecord{Gen: d.uint(), Line: d.uint()}
	return r, d.close()
}

// CommitRecord is a commit.
type CommitRecord struct {
	// Repo is the id of the repo it belongs to.
	Repo ID
	// Parents, the first being the one that history follows. Empty for the first commit of a repo.
	Parents []ID
	// Line and Seq are its place in the path index; Seq starts at 1 on each line.
	Line, Seq uint64
	// Gen is its place among all commits of the store.
	Gen uint64
	// Time in nanoseconds since 1970, never before a parent's.
	Time int64
	// Origin is the door that it came through.
	Origin          uint8
	Author, Message string
	// Root is the entry of the root directory, without a name.
	Root Entry
	// Links is the root of the link tree; zero when no file has several names.
	Links Hash
}

// Append appends the record's bytes to b.
func (r *CommitRecord) Append(b []byte) []byte {
	e := newRecord()
	e.raw(r.Repo[:])
	e.uint(uint64(len(r.Parents)))
	for _, p := range r.Parents {
		e.raw(p[:])
	}
	e.uint(r.Line)
	e.uint(r.Seq)
	e.uint(r.Gen)
	e.int(r.Time)
	e.byte(r.Origin)
	e.string(r.Author)
	e.string(r.Message)
	e.raw(r.Links[:])
	e.entry(&r.Root)
	return append(b, e.b...)
}

// DecodeCommit is the inverse of CommitRecord.Append.
func DecodeCommit(b []byte) (CommitRecord, error) {
	d := openRecord(b)
	r := CommitRecord{Repo: d.id()}
	n := d.uint()
	if n > uint64(len(d.b))/16 {
		d.fail()
		n = 0
	}
	for range n {
		r.Parents = append(r.Parents, d.id())
	}
	r.Line, r.Seq, r.Gen, r.Time = d.uint(), d.uint(), d.uint(), d.int()
	r.Origin, r.Author, r.Message = d.byte(), d.string(), d.string()
	r.Links, r.Root = d.hash(), d.entry()
	return r, d.close()
}

// LineRecord says where a line of commits left another one.
type LineRecord struct {
	Repo ID
	// Parent is the line that this one left after commit Seq of it; 0 when it has no past.
	Parent, Seq uint64
	// Gaps is set once commits of the line have been thinned out, so that not every place on it is taken.
	Gaps bool
}

// Append appends the record's bytes to b.
func (r *LineRecord) Append(b []byte) []byte {
	e := newRecord()
	e.raw(r.Repo[:])
	e.uint(r.Parent)
	e.uint(r.Seq)
	e.bool(r.Gaps)
	return append(b, e.b...)
}

// DecodeLine is the inverse of LineRecord.Append.
func DecodeLine(b []byte) (LineRecord, error) {
	d := openRecord(b)
	r := LineRecord{Repo: d.id(), Parent: d.uint(), Seq: d.uint(), Gaps: d.bool()}
	return r, d.close()
}

// entry appends an entry with its length, so that its own encoding may end where it likes.
func (e *encoder) entry(v *Entry) { e.string(string(AppendEntry(nil, v))) }

func (d *decoder) entry() Entry {
	s := d.string()
	if d.err != nil {
		return Entry{}
	}
	v, err := DecodeEntry([]byte(s))
	if err != nil {
		d.fail()
	}
	return v
}
