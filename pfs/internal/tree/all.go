package tree

import (
	"context"
	"iter"
)

// All yields the entries of d in order of their sort keys, beginning with the first whose key is not before from. To
// begin somewhere costs what Get does. An error ends the sequence, as its last pair.
func (d *Dir) All(ctx context.Context, from string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		c, err := newCursor(ctx, d.s, d.top)
		if err == nil {
			err = c.seek(ctx, 0, from, false)
		}
		for err == nil && !c.done() {
			if !yield(c.item().out(d.s), nil) {
				return
			}
			c.next()
			err = c.descend(ctx, 0)
		}
		if err != nil {
			yield(Entry{}, err)
		}
	}
}
