package tree

import (
	"sync/atomic"

	"pfsd/pfs/internal/schema"
)

// item is one element of a node: an entry in a leaf, a ref to a node in one above.
type item struct {
	// key is the sort key of the entry, or of the last entry below.
	key  string
	mark uint32
	// weight is the entry's; 0 above the leaves.
	weight uint32
	// entry, in a leaf. Where sub is set, its Root and Totals say nothing.
	entry *schema.Entry
	// sub is the tree of a directory, where that is or was in memory; nil when the entry's Root tells.
	sub *Dir
	// ref, above the leaves.
	ref *ref
}

func entryItem(e *schema.Entry, sub *Dir) item {
	key := e.SortKey()
	return item{key: key, mark: mark(key), weight: uint32(e.Weight()), entry: e, sub: sub}
}

func refItem(key string, r *ref) item {
	return item{key: key, mark: mark(key), ref: r}
}

// count is the number of entries that the item stands for.
func (it *item) count() uint64 {
	if it.ref != nil {
		return it.ref.count
	}
	return 1
}

// totals is what the item adds to those of its node.
func (it *item) totals() schema.Totals {
	switch {
	case it.ref != nil:
		return it.ref.totals
	case it.sub != nil:
		return it.sub.Totals().Add(schema.Totals{Dirs: 1})
	}
	return entryTotals(it.entry)
}

// entryTotals is what an entry, whose own Totals are right, adds to those of its directory.
func entryTotals(e *schema.Entry) schema.Totals {
	switch e.Kind {
	case schema.KindDir:
		return e.Totals.Add(schema.Totals{Dirs: 1})
	case schema.KindFile:
		return schema.Totals{Files: 1, Bytes: uint64(e.Content.Size)}
	case schema.KindLink:
		return schema.Totals{Files: 1, Links: 1}
	}
	return schema.Totals{Files: 1}
}

// same reports whether both stand for the very same thing in memory.
func (it *item) same(o *item) bool {
	return it.entry == o.entry && it.sub == o.sub && it.ref == o.ref
}

// out returns the entry as callers see it.
func (it *item) out(s *Store) Entry {
	e := Entry{Entry: *it.entry, Sub: it.sub}
	if !e.IsDir() {
		return e
	}
	if e.Sub == nil {
		e.Sub = s.Load(e.Root, e.Totals)
		return e
	}
	e.Root, _ = e.Sub.Root()
	e.Totals = e.Sub.Totals()
	return e
}

// node is one node in memory. It never changes.
type node struct {
	// level is 0 for a leaf.
	level int
	items []item
	// from is the hash of the stored node of which this one is an edit, on which a delta may go; zero when there is none.
	from schema.Hash
}

// key is that of the last item.
func (n *node) key() string { return n.items[len(n.items)-1].key }

// find returns the place of the first item whose key is not before key: the number of items when there is none.
func (n *node) find(key string) int {
	lo, hi := 0, len(n.items)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if n.items[mid].key < key {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// ref is a node as its parent, or its directory, knows it. Until the node is stored, the ref holds it; from then on,
// its hash is enough, and memory is a matter of the cache.
type ref struct {
	count  uint64
	totals schema.Totals
	// mem is the node while it is not stored.
	mem atomic.Pointer[node]
	// stored is set, before mem is cleared, when the node's row is committed. From then on hash is valid.
	stored atomic.Bool
	// hash is written once, under Store.settle.
	hash schema.Hash
}

// newRef returns a ref to a node that is not stored.
func newRef(n *node) *ref {
	r := &ref{}
	for i := range n.items {
		r.count += n.items[i].count()
		r.totals = r.totals.Add(n.items[i].totals())
	}
	r.mem.Store(n)
	return r
}

// storedRef returns a ref to a stored node.
func storedRef(h schema.Hash, count uint64, totals schema.Totals) *ref {
	r := &ref{hash: h, count: count, totals: totals}
	r.stored.Store(true)
	return r
}

// same reports whether both refs are known to be of the same node.
func (r *ref) same(o *ref) bool {
	return r == o || r.stored.Load() && o.stored.Load() && r.hash == o.hash
}

// origin is the hash of the stored node nearest to n, which r refers to.
func (r *ref) origin(n *node) schema.Hash {
	if r.stored.Load() {
		return r.hash
	}
	return n.from
}
