package cas

import (
	"math/bits"
	"sync"

	"lukechampine.com/blake3/guts"

	"pfsd/chunker"
)

// zeros is what a hole reads as; it is never written to.
var zeros [chunker.HoleUnit]byte

// hashers has memory for hashing: *groupHasher.
var hashers = sync.Pool{New: func() any { return new(groupHasher) }}

// feed turns the bytes of a file, in their order from some offset on, into the chaining values of its groups: of each that
// it has seen the beginning of.
//
// The zero feed with an offset is ready. Whoever uses one calls take in the end.
type feed struct {
	offset int64 // in the file, of the next byte
	active bool  // whether the group that offset is in was seen from its beginning
	hasher *groupHasher
	groups []cv      // since the last take
	last   guts.Node // of the last of them: its root if it is the whole file
}

// Write adds bytes. It never fails.
func (f *feed) Write(p []byte) (int, error) {
	n := len(p)
	f.write(p)
	return n, nil
}

func (f *feed) write(p []byte) {
	for len(p) > 0 {
		in := int(f.offset % groupSize)
		if in == 0 {
			f.begin()
		}
		n := min(len(p), groupSize-in)
		if f.active {
			f.hasher.write(p[:n])
		}
		f.offset += int64(n)
		p = p[n:]
		if in+n == groupSize {
			f.end()
		}
	}
}

// writeZeros adds n bytes of zeros.
func (f *feed) writeZeros(n int64) {
	for ; n > 0; n -= int64(len(zeros)) {
		f.write(zeros[:min(n, int64(len(zeros)))])
	}
}

// skip goes on behind n bytes of whole groups, without their chaining values.
func (f *feed) skip(n int64) { f.offset += n }

// begin begins the group at offset.
func (f *feed) begin() {
	if f.hasher == nil {
		f.hasher = hashers.Get().(*groupHasher)
	}
	f.hasher.reset(f.offset)
	f.active = true
}

// end ends the group that is being written, if any.
func (f *feed) end() {
	if f.active {
		f.last = f.hasher.node()
		f.groups = append(f.groups, chainingValue(f.last))
		f.active = false
	}
}

// take ends the group that is being written and returns all since the last take.
func (f *feed) take() []cv {
	f.end()
	f.release()
	groups := f.groups
	f.groups = nil
	return groups
}

// release gives the hasher back.
func (f *feed) release() {
	if f.hasher != nil {
		hashers.Put(f.hasher)
		f.hasher, f.active = nil, false
	}
}

// zeroCV returns the chaining value of the subtree over size bytes of zeros, which begin at a multiple of the largest power
// of two that is not above size.
func zeroCV(offset, size int64) cv {
	if size <= groupSize {
		f := feed{offset: offset}
		f.writeZeros(size)
		return f.take()[0]
	}
	left := int64(1) << (bits.Len64(uint64(size-1)) - 1)
	return chainingValue(parent(zeroCV(offset, left), zeroCV(offset+left, size-left)))
}
