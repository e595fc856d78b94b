package cas

import (
	"pfsd/pfs/internal/schema"
)

// strip returns n without chaining values, as a node of a sparse content, and stores all that are below it. It reads every
// node, but no window.
func (w *writer) strip(n *node) (*node, error) {
	out := &node{level: n.level, children: make([]child, len(n.children))}
	for i, c := range n.children {
		c.cv = cv{}
		if n.level > 1 && !c.hash.IsZero() {
			below, err := w.s.node(w.ctx, c.hash)
			if err != nil {
				return nil, err
			}
			if below, err = w.strip(below); err != nil {
				return nil, err
			}
			if c.hash, err = w.record(below.encode()); err != nil {
				return nil, err
			}
		}
		out.children[i] = c
	}
	return out, nil
}

// fill returns n, the node at the given file offset, with chaining values, as that of a content that is not sparse, and
// stores all nodes below it. It reads every record.
func (w *writer) fill(n *node, offset int64) (*node, error) {
	out := &node{level: n.level, dense: true, children: make([]child, len(n.children))}
	for i, c := range n.children {
		var err error
		if err = w.ctx.Err(); err != nil {
			return nil, err
		}
		switch {
		case c.hash.IsZero():
			c.cv = zeroCV(offset, c.size)
		case n.level == 1:
			c.cv, err = w.windowCV(c.hash)
		default:
			c, err = w.fillBelow(c, offset)
		}
		if err != nil {
			return nil, err
		}
		out.children[i] = c
		offset += c.size
	}
	return out, nil
}

// fillBelow stores the node c with chaining values.
func (w *writer) fillBelow(c child, offset int64) (child, error) {
	n, err := w.s.node(w.ctx, c.hash)
	if err != nil {
		return c, err
	}
	if n, err = w.fill(n, offset); err != nil {
		return c, err
	}
	c = n.sum()
	c.hash, err = w.record(n.encode())
	return c, err
}

// windowCV returns the chaining value of the window with the given record.
func (w *writer) windowCV(h schema.Hash) (cv, error) {
	win, err := w.s.window(w.ctx, h)
	if err != nil {
		return cv{}, err
	}
	if win.lead != 0 {
		return cv{}, corrupt("window", h, "it is that of a part")
	}
	return mergeCV(win.groups), nil
}
