package pack

import "sync/atomic"

// bitmap remembers which full blocks of a pack were found right, one bit for each BlockSize bytes of the file: two full
// blocks never begin within the same BlockSize bytes. Blocks that are shorter could; they are not remembered but
// checked whenever they are read. All methods may be called concurrently.
type bitmap []atomic.Uint64

// newBitmap returns a bitmap for a file of up to size bytes.
func newBitmap(size int64) bitmap { return make(bitmap, size/BlockSize/64+1) }

// has reports whether the full block at offset off was found right. Blocks beyond the bitmap's size never are.
func (b bitmap) has(off int64) bool {
	word, bit := off/BlockSize/64, off/BlockSize%64
	return word < int64(len(b)) && b[word].Load()&(1<<bit) != 0
}

// set notes that the full block at offset off was found right.
func (b bitmap) set(off int64) {
	if word, bit := off/BlockSize/64, off/BlockSize%64; word < int64(len(b)) {
		b[word].Or(1 << bit)
	}
}
