package cas

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// The first byte of a record says what it is, in which version.
const (
	tagWindow = 1
	tagNode   = 2
	tagPart   = 3 // of the bytes of a Part, which is no row of its own
)

var errMalformed = errors.New("malformed record")

// extent is a chunk or a hole within a window.
type extent struct {
	off, size int32       // in bytes, from the window's beginning
	hash      schema.Hash // of the chunk; zero for a hole
}

func (e extent) hole() bool { return e.hash.IsZero() }
func (e extent) end() int32 { return e.off + e.size }

// window is the record of one window of a file, or, in a part, of as much of it as is in the part. It is never changed
// once it is encoded or decoded.
type window struct {
	lead    int32 // where in the window the bytes begin: 0, but in the first window of a part
	size    int32 // how many bytes there are from lead on
	extents []extent
	// groups has the chaining value of each group that begins at lead or behind it, the last of which can be partial.
	groups []cv
}

// end is where in the window the bytes end.
func (w *window) end() int32 { return w.lead + w.size }

// firstGroup is the index of groups[0] in the window.
func (w *window) firstGroup() int { return (int(w.lead) + groupSize - 1) / groupSize }

// groupCount is how many groups a window of these bounds has a chaining value of.
func groupCount(lead, size int32) int {
	first := (int(lead) + groupSize - 1) / groupSize
	return max(0, (int(lead)+int(size)+groupSize-1)/groupSize-first)
}

// holes is how many bytes of w are holes.
func (w *window) holes() (n int64) {
	for _, e := range w.extents {
		if e.hole() {
			n += int64(e.size)
		}
	}
	return n
}

// add appends an extent behind the last; a hole becomes one with a hole before it.
func (w *window) add(size int32, h schema.Hash) {
	if n := len(w.extents); n > 0 && h.IsZero() && w.extents[n-1].hole() {
		w.extents[n-1].size += size
	} else {
		w.extents = append(w.extents, extent{w.end(), size, h})
	}
	w.size += size
}

// encode returns the record's bytes:
//
//	byte     tag 1
//	uvarint  lead
//	uvarint  size
//	uvarint  number of extents
//	each:    uvarint size*2, hash of the chunk; or uvarint size*2+1 for a hole
//	each group: chaining value, 32 bytes
func (w *window) encode() []byte {
	b := make([]byte, 0, 16+len(w.extents)*36+len(w.groups)*32)
	b = append(b, tagWindow)
	b = binary.AppendUvarint(b, uint64(w.lead))
	b = binary.AppendUvarint(b, uint64(w.size))
	b = binary.AppendUvarint(b, uint64(len(w.extents)))
	for _, e := range w.extents {
		if e.hole() {
			b = binary.AppendUvarint(b, uint64(e.size)<<1|1)
			continue
		}
		b = binary.AppendUvarint(b, uint64(e.size)<<1)
		b = append(b, e.hash[:]...)
	}
	for _, g := range w.groups {
		b = append(b, g[:]...)
	}
	return b
}

// decodeWindow is the inverse of encode. It accepts only what encode can return.
func decodeWindow(b []byte) (*window, error) {
	d := decoder{b: b}
	if d.byte() != tagWindow {
		return nil, fmt.Errorf("%w: not that of a window", errMalformed)
	}
	w := &window{lead: int32(d.uint(chunker.Window - 1))}
	size := int32(d.uint(uint64(chunker.Window - w.lead)))
	n := d.uint(uint64(len(b)))
	if d.err == nil {
		w.extents = make([]extent, 0, n)
	}
	for ; n > 0 && d.err == nil; n-- {
		w.decodeExtent(&d)
	}
	if d.err == nil && (w.size != size || size == 0) {
		d.fail("extents of %d bytes, not %d", w.size, size)
	}
	if d.err == nil {
		w.groups = make([]cv, groupCount(w.lead, w.size))
	}
	for i := range w.groups {
		w.groups[i] = cv(d.hash())
	}
	if err := d.close(); err != nil {
		return nil, err
	}
	return w, nil
}

// decodeExtent takes the next extent from d.
func (w *window) decodeExtent(d *decoder) {
	v := d.uint(uint64(chunker.Window-w.end())<<1 | 1)
	size, hole := int32(v>>1), v&1 == 1
	after := len(w.extents) > 0 && w.extents[len(w.extents)-1].hole()
	switch {
	case d.err != nil:
	case size == 0:
		d.fail("empty extent")
	case hole && (size%chunker.HoleUnit != 0 || w.end()%chunker.HoleUnit != 0 || after):
		d.fail("bad hole")
	case hole:
		w.add(size, schema.Hash{})
	case size > chunker.Max:
		d.fail("chunk of %d bytes", size)
	default:
		h := d.hash()
		if d.err == nil && h.IsZero() {
			d.fail("chunk without hash")
		}
		w.add(size, h)
	}
}

// decoder takes a record apart. After the first mistake it returns zeros, and err says what was wrong.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", errMalformed, fmt.Sprintf(format, args...))
	}
	d.b = nil
}

// uint takes a uvarint of at most limit, in its shortest form.
func (d *decoder) uint(limit uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || n > 1 && d.b[n-1] == 0 || v > limit {
		d.fail("bad number")
		return 0
	}
	d.b = d.b[n:]
	return v
}

// size takes a uvarint that is a size or an offset of a file.
func (d *decoder) size() int64 { return int64(d.uint(math.MaxInt64)) }

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail("too short")
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) hash() (h schema.Hash) {
	if len(d.b) < len(h) {
		d.fail("too short")
		return h
	}
	d.b = d.b[copy(h[:], d.b):]
	return h
}

// close returns the error, which there also is when bytes are left over.
func (d *decoder) close() error {
	if len(d.b) > 0 {
		d.fail("%d bytes too many", len(d.b))
	}
	return d.err
}
