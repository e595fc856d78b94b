package schema

// SalvageRecord says that rows were salvaged from damaged files, and what is lost of them. As long as it is there nothing is removed
// that no name leads to. It means nothing to who reads the store.
type SalvageRecord struct {
	// Time is when the last salvage was made.
	Time int64
	// Lost are the pieces that could not be read.
	Lost []LostRows
}

// LostRows is a piece of a file with rows that could not be read.
type LostRows struct {
	// File is the name of the file, Why the reason.
	File, Why string
	// First and Last are keys between which all rows of the piece lie, these included. An empty Last is no bound.
	First, Last []byte
}

// Append appends the record's bytes to b.
func (r *SalvageRecord) Append(b []byte) []byte {
	e := newRecord()
	e.int(r.Time)
	e.uint(uint64(len(r.Lost)))
	for _, l := range r.Lost {
		for _, part := range []string{l.File, l.Why, string(l.First), string(l.Last)} {
			e.string(part)
		}
	}
	return append(b, e.b...)
}

// DecodeSalvage is the inverse of SalvageRecord.Append.
func DecodeSalvage(b []byte) (SalvageRecord, error) {
	d := openRecord(b)
	r := SalvageRecord{Time: d.int()}
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		r.Lost = append(r.Lost, LostRows{File: d.string(), Why: d.string(), First: []byte(d.string()), Last: []byte(d.string())})
	}
	return r, d.close()
}

// SalvageKey is the key of the SalvageRecord.
func SalvageKey() []byte { return append(MetaKey(), "salvage"...) }
