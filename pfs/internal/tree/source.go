package tree

import (
	"bytes"
	"context"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// Source is where nodes are read from: rows that are committed. It is used concurrently.
type Source interface {
	// Node returns the value of the row of the node with hash h, which the caller keeps but does not change;
	// kv.ErrNotFound, possibly wrapped, when there is none.
	Node(ctx context.Context, h schema.Hash) ([]byte, error)
}

// FromKV returns the nodes that are in store, as a Source.
func FromKV(store kv.Store) Source { return kvSource{store} }

type kvSource struct{ store kv.Store }

func (s kvSource) Node(ctx context.Context, h schema.Hash) (row []byte, err error) {
	err = s.store.View(ctx, func(r kv.Reader) error {
		value, err := r.Get(schema.NodeKey(h))
		row = bytes.Clone(value)
		return err
	})
	return row, err
}
