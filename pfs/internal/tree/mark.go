package tree

import (
	"context"
	"errors"
	"fmt"

	"pfsd/pfs/internal/schema"
)

// Marker is told what a directory is made of. Its methods are called by one goroutine.
type Marker interface {
	// Enter says that the node with hash h is part of the directory, and reports whether what is in it is wanted, too.
	Enter(h schema.Hash) bool
	// Row says that the row of the node with hash h is needed, since the node, or one that is a delta on it, is entered.
	Row(h schema.Hash)
	// Entry is called with each entry that is no directory, of the nodes that were entered. Its error ends the walk.
	Entry(e *schema.Entry) error
}

// Skipper is a Marker that goes on where a node cannot be read.
type Skipper interface {
	// Skip is called with why, an error that wraps ErrCorrupt.
	Skip(err error)
}

// Mark tells m of all nodes and entries of d, at any depth, those that are not saved included. It does not use the cache.
// Its errors are those of the Source, of ctx and of m, and such as wrap ErrCorrupt.
func (d *Dir) Mark(ctx context.Context, m Marker) error {
	if d.top == nil {
		return nil
	}
	w := markWalk{ctx: ctx, s: d.s, m: m}
	return w.ref(d.top)
}

// MarkRoot is Mark of the stored directory with the given root; nothing when that is zero.
func (s *Store) MarkRoot(ctx context.Context, root schema.Hash, m Marker) error {
	if root.IsZero() {
		return nil
	}
	w := markWalk{ctx: ctx, s: s, m: m}
	return w.stored(root)
}

// markWalk is one run of Mark.
type markWalk struct {
	ctx context.Context
	s   *Store
	m   Marker
}

func (w *markWalk) ref(r *ref) error {
	// The order matters: mem is cleared only after stored was set.
	n := r.mem.Load()
	if n == nil || r.stored.Load() {
		return w.stored(r.hash)
	}
	for i := range n.items {
		if err := w.item(&n.items[i]); err != nil {
			return err
		}
	}
	return nil
}

// item tells of an item of a node that is in memory.
func (w *markWalk) item(it *item) error {
	switch {
	case it.ref != nil:
		return w.ref(it.ref)
	case it.sub != nil && it.sub.top == nil:
		return nil
	case it.sub != nil:
		return w.ref(it.sub.top)
	case it.entry.IsDir():
		return w.s.MarkRoot(w.ctx, it.entry.Root, w.m)
	}
	return w.m.Entry(it.entry)
}

// stored tells of a stored node, the rows that it takes to read it, and what is in it.
func (w *markWalk) stored(h schema.Hash) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if !w.m.Enter(h) {
		return nil
	}
	n, err := w.node(h)
	if skipper, ok := w.m.(Skipper); ok && errors.Is(err, ErrCorrupt) {
		skipper.Skip(err)
		return nil
	}
	if err != nil {
		return err
	}
	for i := range n.Children {
		if err := w.stored(n.Children[i].Hash); err != nil {
			return err
		}
	}
	for _, e := range n.Entries {
		switch {
		case !e.IsDir():
			err = w.m.Entry(e)
		case !e.Root.IsZero():
			err = w.stored(e.Root)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// node reads the node with hash h and tells of each row that it takes.
func (w *markWalk) node(h schema.Hash) (*schema.Node, error) {
	var deltas [][]byte
	row, err := w.s.row(w.ctx, h)
	w.m.Row(h)
	for at, limit := h, uint8(schema.MaxPosition+1); err == nil && !row.IsWhole(); {
		if row.Position >= limit {
			return nil, fmt.Errorf("%w: node %s is out of place in its chain", ErrCorrupt, at)
		}
		limit, at = row.Position, row.Base
		deltas = append(deltas, row.Body)
		w.m.Row(at)
		row, err = w.s.row(w.ctx, at)
		err = corruptIfMissing(err, at)
	}
	if err != nil {
		return nil, corruptIfMissing(err, h)
	}
	n, err := schema.DecodeNode(row.Body)
	for i := len(deltas) - 1; i >= 0 && err == nil; i-- {
		n, err = schema.ApplyDelta(n, deltas[i])
	}
	if err != nil {
		return nil, corruptIfMalformed(err, h)
	}
	encoded := row.Body
	if len(deltas) > 0 {
		encoded = schema.AppendNode(nil, n)
	}
	if hashOf(encoded) != h {
		return nil, fmt.Errorf("%w: node %s has another hash", ErrCorrupt, h)
	}
	return n, nil
}

// Verify reads the stored node with hash h, and no other but those that it is a delta on. It returns an error that wraps
// ErrCorrupt when the rows do not make a node with that hash.
func (s *Store) Verify(ctx context.Context, h schema.Hash) error {
	_, _, err := s.read(ctx, h)
	return err
}
