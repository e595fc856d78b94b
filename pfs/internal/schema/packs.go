package schema

// PacksRecord is what is known of the ids of packs.
type PacksRecord struct {
	// Last is the highest id that any pack may have had, whether it is still there or not.
	Last uint64
}

// Append appends the record's bytes to b.
func (r *PacksRecord) Append(b []byte) []byte {
	e := newRecord()
	e.uint(r.Last)
	return append(b, e.b...)
}

// DecodePacks is the inverse of PacksRecord.Append.
func DecodePacks(b []byte) (PacksRecord, error) {
	d := openRecord(b)
	r := PacksRecord{Last: d.uint()}
	return r, d.close()
}

// PacksKey is the key of the PacksRecord.
func PacksKey() []byte { return append(MetaKey(), "packs"...) }
