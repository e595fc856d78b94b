package cas

import (
	"encoding/binary"
	"fmt"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// fanOut is how many children a node of an offset tree has at most; fanBits is its logarithm.
const (
	fanBits = 8
	fanOut  = 1 << fanBits
)

// maxLevel is the level at which one node can stand for every content there can be: 2^63-1 bytes.
const maxLevel = 5

// child is a subtree of an offset tree: a window at level 0, else a node.
type child struct {
	hash  schema.Hash // of the record; zero when all its bytes are holes
	cv    cv          // of its bytes; zero where none is kept
	size  int64       // in bytes; in a part, from the beginning of its first window on
	holes int64       // how many of them are holes
}

// node is a record of an offset tree. It is never changed once it is encoded or decoded.
type node struct {
	level    int  // 1 to maxLevel; the children are of the level below
	dense    bool // whether chaining values are kept
	children []child
}

// span is how many bytes a whole subtree of the given level, below maxLevel, stands for.
func span(level int) int64 { return chunker.Window << (fanBits * level) }

// levelOf returns the level of the top of the tree over size bytes.
func levelOf(size int64) (level int) {
	for n := windowCount(size); n > 1; n = (n + fanOut - 1) / fanOut {
		level++
	}
	return level
}

// windowCount is how many windows size bytes have.
func windowCount(size int64) int64 { return size/chunker.Window + min(1, size%chunker.Window) }

// sum returns what n is as a child of the level above, without its hash.
func (n *node) sum() child {
	c := child{size: n.size()}
	for _, k := range n.children {
		c.holes += k.holes
	}
	if n.dense {
		c.cv = mergeCV(n.cvs())
	}
	return c
}

// size is how many bytes n is over.
func (n *node) size() int64 {
	last := len(n.children) - 1
	return int64(last)*span(n.level-1) + n.children[last].size
}

// cvs returns the chaining values of n's children.
func (n *node) cvs() []cv {
	cvs := make([]cv, len(n.children))
	for i, c := range n.children {
		cvs[i] = c.cv
	}
	return cvs
}

// encode returns the record's bytes:
//
//	byte     tag 2
//	byte     level
//	byte     1 when chaining values are kept, else 0
//	uvarint  size in bytes
//	uvarint  number of children
//	each:    hash, 32 bytes; chaining value, 32 bytes, when kept; uvarint number of chunker.HoleUnits of holes
//
// All children but the last are whole.
func (n *node) encode() []byte {
	b := make([]byte, 0, 24+len(n.children)*70)
	b = append(b, tagNode, byte(n.level), 0)
	if n.dense {
		b[2] = 1
	}
	b = binary.AppendUvarint(b, uint64(n.size()))
	b = binary.AppendUvarint(b, uint64(len(n.children)))
	for _, c := range n.children {
		b = append(b, c.hash[:]...)
		if n.dense {
			b = append(b, c.cv[:]...)
		}
		b = binary.AppendUvarint(b, uint64(c.holes/chunker.HoleUnit))
	}
	return b
}

// decodeNode is the inverse of encode. It accepts only what encode can return.
func decodeNode(b []byte) (*node, error) {
	d := decoder{b: b}
	if d.byte() != tagNode {
		return nil, fmt.Errorf("%w: not that of a node", errMalformed)
	}
	n := &node{level: int(d.byte())}
	if n.level < 1 || n.level > maxLevel {
		d.fail("level %d", n.level)
	}
	dense := d.byte()
	if n.dense = dense == 1; dense > 1 {
		d.fail("flags %#x", dense)
	}
	size := d.size()
	count := d.uint(fanOut)
	if d.err == nil && (size == 0 || int64(count) != (size-1)/span(n.level-1)+1) {
		d.fail("%d children for %d bytes", count, size)
	}
	for ; count > 0 && d.err == nil; count-- {
		c := n.decodeChild(&d, min(size, span(n.level-1)))
		size -= c.size
	}
	if err := d.close(); err != nil {
		return nil, err
	}
	return n, nil
}

// decodeChild takes the next child, of the given size, from d.
func (n *node) decodeChild(d *decoder, size int64) child {
	c := child{hash: d.hash(), size: size}
	if n.dense {
		c.cv = cv(d.hash())
	}
	c.holes = int64(d.uint(uint64(size/chunker.HoleUnit))) * chunker.HoleUnit
	if d.err == nil && c.hash.IsZero() != (c.holes == size) {
		d.fail("child with %d bytes of holes in %d", c.holes, size)
	}
	n.children = append(n.children, c)
	return c
}
