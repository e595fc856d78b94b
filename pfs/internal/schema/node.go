package schema

import (
	"encoding/binary"
	"math"
)

// The bytes of a node
//
// A directory is a tree of nodes: leaves hold its entries, the nodes above hold children. A node is addressed by the
// BLAKE3 of this encoding, which is a function of what the node holds:
//
//	node   = version level count (leaf | inner)
//	version = 1 byte, 1
//	level  = 1 byte, 0 for a leaf, one more than its children's for a node above
//	count  = uvarint, at least 1: how many entries or children
//	leaf   = table, then each entry: name, body
//	table  = uvarint count; the distinct changes of the leaf's entries, ascending by generation, then by commit id
//	inner  = each child: name (its key), 32 bytes hash, uvarint count, uvarints files, dirs, bytes, links
//	name   = uvarint, how many bytes it has in common with the name before, which is as many as they do share;
//	         uvarint, how many follow; those bytes
//
// Entries are in ascending order of sort key: of the name, with '/' behind a directory's. A child's key is the sort key
// of the last entry below it, its count the number of entries below it in this directory, its totals their sum.

// nodeVersion is the version of the encoding of nodes and of entries in them.
const nodeVersion = 1

// maxLevel is beyond the level of any real node: a level multiplies entries by ten at least.
const maxLevel = 32

// Node is a node of a directory's tree: of a leaf (Level 0) the Entries are used, of every other the Children. It is
// a value: nothing of it changes once it was encoded or decoded, and entries may be shared among nodes.
type Node struct {
	Level    uint8
	Entries  []*Entry
	Children []Child
}

// Child is what a node knows of a node below it.
type Child struct {
	// Key is the sort key of the last entry below.
	Key string
	// Hash addresses the child.
	Hash Hash
	// Count is the number of entries of this directory below.
	Count uint64
	// Totals sum up those entries, with all that is below them.
	Totals Totals
}

// AppendNode appends the encoding of n to b. The entries must be valid and in order.
func AppendNode(b []byte, n *Node) []byte {
	b = append(b, nodeVersion, n.Level)
	last := ""
	if n.Level > 0 {
		b = binary.AppendUvarint(b, uint64(len(n.Children)))
		for i := range n.Children {
			b = appendName(b, last, n.Children[i].Key)
			b = appendChildBody(b, &n.Children[i])
			last = n.Children[i].Key
		}
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(n.Entries)))
	table := newChangeTable(n.Entries)
	b = binary.AppendUvarint(b, uint64(len(table)))
	for _, c := range table {
		b = appendChange(b, c)
	}
	for _, e := range n.Entries {
		b = appendName(b, last, e.Name)
		b = appendBody(b, e, table)
		last = e.Name
	}
	return b
}

func appendChildBody(b []byte, c *Child) []byte {
	b = append(b, c.Hash[:]...)
	b = binary.AppendUvarint(b, c.Count)
	return appendTotals(b, c.Totals)
}

// appendName appends name as what distinguishes it from the one before.
func appendName(b []byte, last, name string) []byte {
	n := commonPrefix(last, name)
	b = binary.AppendUvarint(b, uint64(n))
	return appendString(b, name[n:])
}

func commonPrefix[S string | []byte](a, b S) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// DecodeNode is the reverse of AppendNode. It returns an error that wraps ErrMalformed for bytes that AppendNode would not
// have written. The node shares no memory with b.
func DecodeNode(b []byte) (*Node, error) {
	r := newWireReader(b)
	if v := r.byte(); v != nodeVersion {
		r.failf("version %d of a node", v)
	}
	n := &Node{Level: r.byte()}
	if n.Level > maxLevel {
		r.failf("level %d", n.Level)
	}
	// The least that an entry or a child takes is more than 4 bytes.
	count := r.uvarint(uint64(len(r.b)) / 4)
	switch {
	case r.err != nil:
	case count == 0:
		r.failf("a node of nothing")
	case n.Level > 0:
		r.children(n, count)
	default:
		r.entries(n, count)
	}
	if err := r.close(); err != nil {
		return nil, err
	}
	return n, nil
}

// entries reads those of a leaf.
func (r *wireReader) entries(n *Node, count uint64) {
	table := r.table()
	var names nameReader
	backing := make([]Entry, count)
	n.Entries = make([]*Entry, count)
	for i := range backing {
		e := &backing[i]
		e.Name = names.next(r)
		r.body(e, table)
		n.Entries[i] = e
		if r.err == nil && i > 0 && n.Entries[i-1].CompareKeys(e) >= 0 {
			r.failf("entries are out of order")
		}
		if r.err != nil {
			return
		}
		if ValidName(e.Name) != nil {
			r.failf("name %q", e.Name)
		}
	}
	for i, used := range table.used {
		if !used {
			r.failf("change %d of the table is of no entry", i)
		}
	}
}

// children reads those of a node above the leaves.
func (r *wireReader) children(n *Node, count uint64) {
	var names nameReader
	n.Children = make([]Child, count)
	for i := range n.Children {
		c := &n.Children[i]
		c.Key = names.next(r)
		r.childBody(c)
		if i > 0 && c.Key <= n.Children[i-1].Key {
			r.failf("children are out of order")
		}
		if r.err != nil {
			return
		}
	}
}

func (r *wireReader) childBody(c *Child) {
	c.Hash = r.hash()
	c.Count = r.uvarint(math.MaxUint64)
	c.Totals = r.totals()
	if c.Hash.IsZero() || c.Count == 0 || c.Key == "" {
		r.failf("a child without hash, entries or key")
	}
}

// nameReader reads names that were written by appendName.
type nameReader struct{ last []byte }

// next returns the next name. A key in an inner node can be a byte longer than a name.
func (n *nameReader) next(r *wireReader) string {
	shared := r.uvarint(uint64(len(n.last)))
	rest := r.take(r.uvarint(MaxName + 1 - shared))
	if r.err != nil {
		return ""
	}
	if shared < uint64(len(n.last)) && len(rest) > 0 && rest[0] == n.last[shared] {
		r.failf("a name shares more with the one before than it says")
	}
	n.last = append(n.last[:shared], rest...)
	return string(n.last)
}
