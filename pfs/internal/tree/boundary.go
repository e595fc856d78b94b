package tree

import (
	"github.com/cespare/xxhash/v2"

	"pfsd/pfs/internal/schema"
)

// Where nodes end. These numbers are part of the format: another number makes another root hash of the same files.
const (
	// minItems is how many items a node has at least, unless it is the last of its level or minWeight cuts it.
	minItems = 32
	// meanItems is how many a node has on average.
	meanItems = 64
	// maxItems is how many a node has at most. One node in 150 gets so far.
	maxItems = 192
	// maxWeight ends the leaf whose entries weigh as much or more.
	maxWeight = 32 << 10
	// cutBelow is what a mark must be below to end a node of at least minItems.
	cutBelow = 1 << 64 / (meanItems - minItems)
)

// mark hashes a sort key for the choice of boundaries.
func mark(key string) uint32 { return uint32(xxhash.Sum64String(key) >> 32) }

// mix makes an independent mark for each level out of that of the key: with one for all, a key that ends a node would
// end all above it too. It is the finaliser of MurmurHash3, on the mark plus the level times the golden ratio.
func mix(mark uint32, level int) uint64 {
	return schema.Mix(uint64(mark) + uint64(level)*0x9e3779b97f4a7c15)
}

// cutter finds the ends of the nodes of one level, going from left to right. What it says of an item depends on the
// items since the last end alone.
type cutter struct {
	level, items, weight int
}

// ends takes the next item and reports whether its node ends behind it.
func (c *cutter) ends(it *item) bool {
	c.items++
	c.weight += int(it.weight)
	if c.items >= minItems && mix(it.mark, c.level) < cutBelow || c.items >= maxItems || c.weight >= maxWeight {
		c.items, c.weight = 0, 0
		return true
	}
	return false
}
