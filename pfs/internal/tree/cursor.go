package tree

import (
	"context"
	"fmt"
)

// cursor is a place in a tree: a path from the top to an item, not always down to a leaf.
type cursor struct {
	s     *Store
	stack []frame
}

// frame is an item of a node.
type frame struct {
	n *node
	i int
}

// newCursor returns a cursor on the first item of the node that r refers to; one beyond the end when r is nil.
func newCursor(ctx context.Context, s *Store, r *ref) (*cursor, error) {
	c := &cursor{s: s}
	if r == nil {
		return c, nil
	}
	n, err := s.load(ctx, r)
	if err != nil {
		return nil, err
	}
	c.stack = append(c.stack, frame{n, 0})
	return c, nil
}

// done reports whether the cursor is beyond the last item.
func (c *cursor) done() bool { return len(c.stack) == 0 }

func (c *cursor) at() *frame { return &c.stack[len(c.stack)-1] }

// item returns the item under the cursor.
func (c *cursor) item() *item { return &c.at().n.items[c.at().i] }

// level is that of the node that holds the item.
func (c *cursor) level() int { return c.at().n.level }

// down goes to the first item of the node under the cursor.
func (c *cursor) down(ctx context.Context) error {
	n, err := c.s.load(ctx, c.item().ref)
	if err != nil {
		return err
	}
	if n.level != c.level()-1 {
		return fmt.Errorf("%w: a node of level %d below one of level %d", ErrCorrupt, n.level, c.level())
	}
	c.stack = append(c.stack, frame{n, 0})
	return nil
}

// next goes to the item behind, higher up when its node has no more.
func (c *cursor) next() {
	for len(c.stack) > 0 {
		at := c.at()
		if at.i++; at.i < len(at.n.items) {
			return
		}
		c.stack = c.stack[:len(c.stack)-1]
	}
}

// seek goes to the first item at the given level whose key is not before key: down and to the right from where the
// cursor is. Beyond the last key it ends on the last item when clamp is set, and beyond the end when not.
func (c *cursor) seek(ctx context.Context, level int, key string, clamp bool) error {
	for !c.done() {
		at := c.at()
		at.i = at.n.find(key)
		if at.i == len(at.n.items) {
			if !clamp {
				c.stack = c.stack[:0]
				return nil
			}
			at.i--
		}
		if at.n.level <= level {
			return nil
		}
		if err := c.down(ctx); err != nil {
			return err
		}
	}
	return nil
}

// descend goes down to the given level, to the first item there.
func (c *cursor) descend(ctx context.Context, level int) error {
	for !c.done() && c.level() > level {
		if err := c.down(ctx); err != nil {
			return err
		}
	}
	return nil
}

// last reports whether the cursor is on the last item of its level.
func (c *cursor) last() bool {
	for _, f := range c.stack {
		if f.i < len(f.n.items)-1 {
			return false
		}
	}
	return true
}
