package pack

import "sync/atomic"

// bitmap remembers which blocks of a pack were found right. The zero bitmap remembers nothing. All methods may be called
// concurrently.
type bitmap struct {
	// full has the blocks of BlockSize bytes, and tails the shorter ones at the ends of records, by where they begin.
	full, tails bits
}

// newBitmap returns a bitmap for a file of up to size bytes.
func newBitmap(size int64) bitmap { return bitmap{newBits(size), newBits(size)} }

// has reports whether the block at offset at in the data of the record at loc was found right.
func (b bitmap) has(loc Location, at int64) bool {
	blocks, ok := b.of(loc, at)
	return ok && blocks.has(loc.Offset+at)
}

// set notes that this block was found right, if that can be remembered.
func (b bitmap) set(loc Location, at int64) {
	if blocks, ok := b.of(loc, at); ok {
		blocks.set(loc.Offset + at)
	}
}

// of returns where a block is remembered, if anywhere: records of less than a full block could end too close to each other.
func (b bitmap) of(loc Location, at int64) (bits, bool) {
	if int64(loc.Length)-at >= BlockSize {
		return b.full, true
	}
	return b.tails, loc.Length >= BlockSize
}

// bits is one bit for each BlockSize bytes of a file, for things that never begin within the same BlockSize bytes: full blocks,
// and the ends of records that have a full block.
type bits []atomic.Uint64

func newBits(size int64) bits { return make(bits, size/BlockSize/64+1) }

// has reports whether what begins at off was set. What is beyond the bits' size never is.
func (b bits) has(off int64) bool {
	word, bit := off/BlockSize/64, off/BlockSize%64
	return word < int64(len(b)) && b[word].Load()&(1<<bit) != 0
}

func (b bits) set(off int64) {
	if word, bit := off/BlockSize/64, off/BlockSize%64; word < int64(len(b)) {
		b[word].Or(1 << bit)
	}
}
