package tree

import (
	"context"
	"iter"

	"pfsd/pfs/internal/schema"
)

// Linked yields the entries of d that are links or directories with links somewhere below them, in order of their sort
// keys. It reads no node without any. An error ends the sequence, as its last pair.
func (d *Dir) Linked(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if d.Totals().Links == 0 {
			return
		}
		c, err := newCursor(ctx, d.s, d.top)
		for err == nil && !c.done() {
			switch it := c.item(); {
			case it.totals().Links == 0:
				c.next()
			case c.level() > 0:
				err = c.down(ctx)
			default:
				if !yield(it.out(d.s), nil) {
					return
				}
				c.next()
			}
		}
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

// LoadTop is Load for a directory whose totals are not known: they are summed up from its top node, which is read.
func (s *Store) LoadTop(ctx context.Context, root schema.Hash) (*Dir, error) {
	if root.IsZero() {
		return s.Empty(), nil
	}
	n, err := s.node(ctx, root)
	if err != nil {
		return nil, err
	}
	sum := newRef(n)
	return &Dir{s: s, top: storedRef(root, sum.count, sum.totals)}, nil
}
