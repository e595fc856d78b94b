package tree

import (
	"bytes"
	"context"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/schema"
)

// Source is where nodes are read from: rows that are committed. It is used concurrently.
type Source interface {
	// Node returns the value of the row of the node with hash h, which the caller keeps but does not change;
	// kv.ErrNotFound, possibly wrapped, when there is none.
	Node(ctx context.Context, h schema.Hash) ([]byte, error)
}

// relier is a Source from which nodes can go that nothing leads to.
type relier interface {
	// Rely says that the row of the node with hash h must stay from now on, if it is there.
	Rely(ctx context.Context, h schema.Hash) error
}

// FromKV returns the nodes that are in store, as a Source. guard is what those agree by who save nodes and who collect
// them as garbage.
func FromKV(store kv.Store, guard *live.Guard) Source { return kvSource{store, guard} }

type kvSource struct {
	store kv.Store
	guard *live.Guard
}

var _ relier = kvSource{}

// Rely implements relier.
func (s kvSource) Rely(ctx context.Context, h schema.Hash) error {
	return s.guard.Touch(ctx, schema.NodeKey(h))
}

func (s kvSource) Node(ctx context.Context, h schema.Hash) (row []byte, err error) {
	err = s.store.View(ctx, func(r kv.Reader) error {
		value, err := r.Get(schema.NodeKey(h))
		row = bytes.Clone(value)
		return err
	})
	return row, err
}
