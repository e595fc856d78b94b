package schema

import (
	"maps"
	"slices"
)

// UploadRecord is an upload: its id is in its key.
type UploadRecord struct {
	Repo         ID
	Branch, Path string
	Started      int64
	// Meta is what the file will bear; nil when nothing.
	Meta *Meta
}

// Append appends the record's bytes to b.
func (r *UploadRecord) Append(b []byte) []byte {
	e := newRecord()
	e.raw(r.Repo[:])
	e.string(r.Branch)
	e.string(r.Path)
	e.int(r.Started)
	// An entry's encoding is the one of its meta.
	e.entry(&Entry{Kind: KindFile, Meta: r.Meta})
	return append(b, e.b...)
}

// DecodeUpload is the inverse of UploadRecord.Append.
func DecodeUpload(b []byte) (UploadRecord, error) {
	d := openRecord(b)
	r := UploadRecord{Repo: d.id(), Branch: d.string(), Path: d.string(), Started: d.int()}
	entry := d.entry()
	r.Meta = entry.Meta
	if d.err == nil && !entry.Equal(&Entry{Kind: KindFile, Meta: r.Meta}) {
		d.fail()
	}
	return r, d.close()
}

// PartRecord is a part of an upload: both are in its key.
type PartRecord struct {
	Modified int64
	// Checksums as in Meta.
	Checksums map[string]string
	// Part is the content, as package cas encodes it.
	Part []byte
}

// Append appends the record's bytes to b.
func (r *PartRecord) Append(b []byte) []byte {
	e := newRecord()
	e.int(r.Modified)
	e.uint(uint64(len(r.Checksums)))
	for _, name := range slices.Sorted(maps.Keys(r.Checksums)) {
		e.string(name)
		e.string(r.Checksums[name])
	}
	e.string(string(r.Part))
	return append(b, e.b...)
}

// DecodePart is the inverse of PartRecord.Append.
func DecodePart(b []byte) (PartRecord, error) {
	d := openRecord(b)
	r := PartRecord{Modified: d.int()}
	last := ""
	for i := d.uint(); i > 0 && d.err == nil; i-- {
		if r.Checksums == nil {
			r.Checksums = map[string]string{}
		}
		name := d.string()
		if len(r.Checksums) > 0 && name <= last {
			d.fail()
		}
		r.Checksums[name], last = d.string(), name
	}
	r.Part = []byte(d.string())
	return r, d.close()
}
