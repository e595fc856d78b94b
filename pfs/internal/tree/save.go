package tree

import (
	"context"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// Saved is what it takes to make directories durable: rows for the caller to commit, and a way to say that they are. It
// is used by one goroutine.
//
// One Saved must be done with, committed or dropped, before the next is begun: what a node's row says depends on which
// rows are there. All else may go on at the same time, on the same directories too.
type Saved struct {
	// Roots are the hashes of the top nodes of the directories, in the order in which they were saved.
	Roots []schema.Hash
	// Rows are those of the nodes that the source does not have, each key once; a node comes behind all below it.
	Rows []kv.Row

	s     *Store
	nodes []savedNode
	// hashes are those of the nodes that were unsaved and seen to.
	hashes map[*ref]schema.Hash
	// written has the nodes that need no row any more.
	written map[schema.Hash]bool
}

type savedNode struct {
	r    *ref
	n    *node
	hash schema.Hash
}

// Save encodes and hashes the unsaved nodes of dirs and of all directories below them. Nothing changes until the caller
// has committed the rows, in whatever steps, and then calls Commit; if that fails it drops the Saved and, when it comes
// to that, calls Save anew.
func (s *Store) Save(ctx context.Context, dirs ...*Dir) (*Saved, error) {
	v := &Saved{s: s, hashes: make(map[*ref]schema.Hash), written: make(map[schema.Hash]bool)}
	for _, d := range dirs {
		if _, err := v.Add(ctx, d); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Add saves one more directory, to be committed with the others, and returns the hash of its top node. What it shares
// with them is seen to once. After an error v is as good as it was.
func (v *Saved) Add(ctx context.Context, d *Dir) (schema.Hash, error) {
	h, err := (&saver{ctx: ctx, Saved: v}).dir(d)
	if err == nil {
		v.Roots = append(v.Roots, h)
	}
	return h, err
}

// Root returns the hash that the top node of a directory will have once the rows are committed: one of those that were
// saved, or below one, or saved before. It is zero for an empty directory, and for one that was not among them.
func (v *Saved) Root(d *Dir) schema.Hash {
	if h, ok := d.Root(); ok {
		return h
	}
	return v.hashes[d.top]
}

// Commit notes that the rows are committed: the directories are saved from now on, and let go of their nodes, which
// become a matter of the cache.
func (v *Saved) Commit() {
	v.s.settle.Lock()
	defer v.s.settle.Unlock()
	for _, sn := range v.nodes {
		v.s.cache.add(sn.hash, sn.n)
		if !sn.r.stored.Load() {
			sn.r.hash = sn.hash
			sn.r.stored.Store(true)
			sn.r.mem.Store(nil)
		}
	}
	v.nodes, v.hashes = nil, nil
}
