package tree

import (
	"encoding/binary"
	"sync"

	"lukechampine.com/blake3"
	"lukechampine.com/blake3/guts"

	"pfsd/pfs/internal/schema"
)

// block is what BLAKE3 compresses in one go.
type block [guts.MaxSIMD * guts.ChunkSize]byte

// blocks has memory for hashing: *block.
var blocks = sync.Pool{New: func() any { return new(block) }}

// hashOf returns the BLAKE3-256 of an encoded node. Nearly all fit into one block, for which this neither allocates nor
// starts the goroutines that blake3.Sum256 does beyond one KiB: those cost more than the hash.
func hashOf(encoded []byte) (h schema.Hash) {
	if len(encoded) > len(block{}) {
		return blake3.Sum256(encoded)
	}
	b := blocks.Get().(*block)
	defer blocks.Put(b)
	n := guts.CompressBuffer((*[guts.MaxSIMD * guts.ChunkSize]byte)(b), copy(b[:], encoded), &guts.IV, 0, 0)
	n.Flags |= guts.FlagRoot
	for i, word := range guts.CompressNode(n) {
		if 4*i == len(h) {
			break
		}
		binary.LittleEndian.PutUint32(h[4*i:], word)
	}
	return h
}
