package cas

import (
	"encoding/binary"
	"math/bits"

	"lukechampine.com/blake3/guts"

	"pfsd/pfs/internal/schema"
)

const (
	// groupSize is how many bytes of a file one stored chaining value stands for.
	groupSize = 1 << 20
	// pieceSize is what BLAKE3 compresses at once when it has the whole width of the machine's vectors.
	pieceSize = guts.MaxSIMD * guts.ChunkSize
)

// cv is a BLAKE3 chaining value: what a subtree of a file's hash tree has come to. The zero cv stands for one that is not
// known.
type cv [32]byte

// chainingValue returns the chaining value of n, which is not the root.
func chainingValue(n guts.Node) cv { return fromWords(guts.ChainingValue(n)) }

// rootHash returns the hash of the file whose whole tree is n.
func rootHash(n guts.Node) schema.Hash {
	n.Flags |= guts.FlagRoot
	return schema.Hash(fromWords(guts.ChainingValue(n)))
}

func fromWords(words [8]uint32) (c cv) {
	for i, w := range words {
		binary.LittleEndian.PutUint32(c[4*i:], w)
	}
	return c
}

func toWords(c cv) (words [8]uint32) {
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(c[4*i:])
	}
	return words
}

// parent returns the node above two subtrees.
func parent(left, right cv) guts.Node {
	return guts.ParentNode(toWords(left), toWords(right), &guts.IV, 0)
}

// merge returns the node above subtrees in their order in the file, of which there are at least two. All but the last
// must span the same number of bytes, a power of two of at least 1 KiB, and the last at most as many. The shape is that
// of BLAKE3: the left side of a node is as large as a power of two can be that leaves something for the right.
func merge(cvs []cv) guts.Node {
	left := 1 << (bits.Len(uint(len(cvs)-1)) - 1)
	return parent(mergeCV(cvs[:left]), mergeCV(cvs[left:]))
}

// mergeCV returns the chaining value of the tree above one or more subtrees.
func mergeCV(cvs []cv) cv {
	if len(cvs) == 1 {
		return cvs[0]
	}
	return chainingValue(merge(cvs))
}

// groupHasher hashes one group of a file: the bytes from a multiple of groupSize on, up to the next or the file's end.
type groupHasher struct {
	counter uint64 // of the group's first BLAKE3 chunk in the file
	n       int    // bytes written
	stack   []cv   // of the whole pieces so far: the subtrees that the bits of their number stand for, largest first
	pieces  int    // whole pieces so far
	fill    int    // bytes in buf
	// buf holds back the last piece until more follows: if none does it may be the root.
	buf [pieceSize]byte
}

// reset begins a new group at the given file offset.
func (g *groupHasher) reset(offset int64) {
	g.counter = uint64(offset / guts.ChunkSize)
	g.n, g.stack, g.pieces, g.fill = 0, g.stack[:0], 0, 0
}

// write adds bytes, not more than the group has room for.
func (g *groupHasher) write(p []byte) {
	g.n += len(p)
	for len(p) > 0 {
		if g.fill == pieceSize {
			g.push(&g.buf)
			g.fill = 0
		}
		for g.fill == 0 && len(p) > pieceSize {
			g.push((*[pieceSize]byte)(p))
			p = p[pieceSize:]
		}
		n := copy(g.buf[g.fill:], p)
		g.fill += n
		p = p[n:]
	}
}

// push compresses a whole piece that is not the group's last.
func (g *groupHasher) push(piece *[pieceSize]byte) {
	c := chainingValue(g.compress(piece, pieceSize))
	g.pieces++
	for n := g.pieces; n%2 == 0; n /= 2 {
		c = chainingValue(parent(g.stack[len(g.stack)-1], c))
		g.stack = g.stack[:len(g.stack)-1]
	}
	g.stack = append(g.stack, c)
}

func (g *groupHasher) compress(piece *[pieceSize]byte, n int) guts.Node {
	counter := g.counter + uint64(g.pieces)*guts.MaxSIMD
	return guts.CompressBuffer(piece, n, &guts.IV, counter, 0)
}

// node returns the node of the bytes written, of which there is at least one unless the file is empty.
func (g *groupHasher) node() guts.Node {
	n := g.compress(&g.buf, g.fill)
	for i := len(g.stack) - 1; i >= 0; i-- {
		n = parent(g.stack[i], chainingValue(n))
	}
	return n
}

// sum returns the BLAKE3-256 of at most groupSize bytes. Unlike blake3.Sum256 it starts no goroutine and allocates nothing.
func (g *groupHasher) sum(p []byte) schema.Hash {
	g.reset(0)
	g.write(p)
	return rootHash(g.node())
}
