package schema

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed is what every decoder returns for bytes that no encoder wrote.
var ErrMalformed = errors.New("schema: malformed record")

// recordVersion is the first byte of every record of version 1 of the format.
const recordVersion = 1

// encoder appends the parts of a record.
type encoder struct{ b []byte }

func newRecord() *encoder { return &encoder{b: []byte{recordVersion}} }

func (e *encoder) uint(v uint64)   { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) int(v int64)     { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) byte(v byte)     { e.b = append(e.b, v) }
func (e *encoder) raw(v []byte)    { e.b = append(e.b, v...) }
func (e *encoder) string(v string) { e.uint(uint64(len(v))); e.b = append(e.b, v...) }

func (e *encoder) bool(v bool) {
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

// decoder takes a record apart. After the first mistake it returns zeros; err tells.
type decoder struct {
	b   []byte
	err error
}

func openRecord(b []byte) *decoder {
	d := &decoder{b: b}
	if d.byte() != recordVersion {
		d.fail()
	}
	return d
}

// fail notes a mistake, unless one was noted before.
func (d *decoder) fail() {
	if d.err == nil {
		d.err = ErrMalformed
	}
	d.b = nil
}

// close returns the error, which is ErrMalformed too when bytes are left over.
func (d *decoder) close() error {
	if d.err == nil && len(d.b) > 0 {
		d.fail()
	}
	return d.err
}

// uint takes a varint, and refuses one that could be shorter.
func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || n > 1 && d.b[n-1] == 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) int() int64 {
	u := d.uint()
	v := int64(u >> 1)
	if u&1 != 0 {
		v = ^v
	}
	return v
}

func (d *decoder) raw(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.fail()
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

// fixed64 takes a number of 8 bytes.
func (d *decoder) fixed64() uint64 {
	if v := d.raw(8); v != nil {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

func (d *decoder) byte() byte {
	if v := d.raw(1); v != nil {
		return v[0]
	}
	return 0
}

func (d *decoder) bool() bool {
	v := d.byte()
	if v > 1 {
		d.fail()
	}
	return v == 1
}

func (d *decoder) string() string {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail()
		return ""
	}
	return string(d.raw(int(n)))
}

func (d *decoder) id() (id ID) {
	copy(id[:], d.raw(len(id)))
	return id
}

func (d *decoder) hash() (h Hash) {
	copy(h[:], d.raw(len(h)))
	return h
}
