package bench

import (
	"crypto/rand"
	"encoding/binary"
	"io"
)

// data is where the bytes that loads write come from: random ones that compress to nothing, made once, and stamped so that
// no two objects have a chunk in common.
type data struct {
	base []byte
}

const (
	// dataSize is how many random bytes are made.
	dataSize = 8 << 20
	// stampEvery is the distance of stamps; less than the smallest chunk of any store worth measuring.
	stampEvery = 4 << 10
)

func newData() (*data, error) {
	d := &data{base: make([]byte, dataSize)}
	_, err := rand.Read(d.base)
	return d, err
}

// object returns a reader of size bytes that no object of another number has.
func (d *data) object(number uint64, size int64) *object {
	return &object{base: d.base, number: number, size: size}
}

// object is a body that can be read again from the start.
type object struct {
	base      []byte
	number    uint64
	off, size int64
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (int, error) {
	if o.off == o.size {
		return 0, io.EOF
	}
	at := o.off % int64(len(o.base))
	n := copy(p[:min(int64(len(p)), o.size-o.off)], o.base[at:])
	o.stamp(p[:n])
	o.off += int64(n)
	return n, nil
}

// stamp writes the object's number and the offset over the first bytes of each block that begins in p.
func (o *object) stamp(p []byte) {
	for block := (o.off + stampEvery - 1) / stampEvery * stampEvery; block+16 <= o.off+int64(len(p)); block += stampEvery {
		at := p[block-o.off:]
		binary.LittleEndian.PutUint64(at, o.number)
		binary.LittleEndian.PutUint64(at[8:], uint64(block))
	}
}
