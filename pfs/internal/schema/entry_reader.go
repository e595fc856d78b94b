package schema

import "fmt"

// wireReader is a decoder with limits, which says what is wrong: the bytes of entries and nodes come in great numbers,
// and whoever has to repair a store will want to know. Its errors wrap ErrMalformed.
type wireReader struct{ decoder }

func newWireReader(b []byte) wireReader { return wireReader{decoder{b: b}} }

// failf notes what is wrong, unless something was before.
func (r *wireReader) failf(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
	}
	r.b = nil
}

// uvarint reads a number of at most limit.
func (r *wireReader) uvarint(limit uint64) uint64 {
	v := r.uint()
	if v > limit {
		r.failf("%d is above the limit of %d", v, limit)
		return 0
	}
	return v
}

// take returns the next n bytes, as a part of what is read.
func (r *wireReader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.failf("ends too early")
		return nil
	}
	return r.raw(int(n))
}

// text reads a length of at most limit and as many bytes.
func (r *wireReader) text(limit uint64) string {
	return string(r.take(r.uvarint(limit)))
}

func appendString(b []byte, s string) []byte {
	e := encoder{b}
	e.string(s)
	return e.b
}
