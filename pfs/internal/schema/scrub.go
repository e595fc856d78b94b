package schema

// ScrubRecord is how far the reading again of everything that is stored has come. It means nothing to who reads the store.
type ScrubRecord struct {
	// Started is when the round began.
	Started int64
	// Read is how many bytes have been read in this round, and Damaged how many things were found damaged.
	Read, Damaged uint64
	// Next is the key of the row to go on with; empty for the first.
	Next []byte
}

// Append appends the record's bytes to b.
func (r *ScrubRecord) Append(b []byte) []byte {
	e := newRecord()
	e.int(r.Started)
	e.uint(r.Read)
	e.uint(r.Damaged)
	e.string(string(r.Next))
	return append(b, e.b...)
}

// DecodeScrub is the inverse of ScrubRecord.Append.
func DecodeScrub(b []byte) (ScrubRecord, error) {
	d := openRecord(b)
	r := ScrubRecord{Started: d.int(), Read: d.uint(), Damaged: d.uint(), Next: []byte(d.string())}
	return r, d.close()
}

// ScrubKey is the key of the ScrubRecord.
func ScrubKey() []byte { return append(MetaKey(), "scrub"...) }
