package cas

import (
	"lukechampine.com/blake3"
	"lukechampine.com/blake3/guts"

	"pfsd/pfs/internal/schema"
)

// sparseLimit is how many bytes of holes a content can have whose BLAKE3 is kept. It is part of the format on disk.
const sparseLimit = 4 << 30

// tree builds the offset tree of a content, or of a part, from its subtrees in their order. It stores each record as soon
// as it is complete.
type tree struct {
	w *writer
	// dense is whether chaining values are kept: not in a part, and no more once there are too many holes.
	dense bool
	// anyDense is whether a node below the top has chaining values.
	anyDense bool
	holes    int64
	// only is the first window, held back until there is another: alone it is stored in another way.
	only *window
	// raised is the node that was made last.
	raised *node
	// levels has the subtrees of each level that have no parent yet. None has fanOut.
	levels [maxLevel + 1][]child
}

// first reports whether the window that is added next is the first.
func (t *tree) first() bool { return t.only == nil && t.empty() }

// pushWindow adds a window. Those before it must be whole.
func (t *tree) pushWindow(w *window) error {
	if t.first() {
		t.only = w
		return nil
	}
	if err := t.pushOnly(); err != nil {
		return err
	}
	return t.storeWindow(w)
}

func (t *tree) empty() bool {
	for _, l := range t.levels {
		if len(l) > 0 {
			return false
		}
	}
	return true
}

// pushOnly stores the window that was held back, of which it is now known that it is not alone.
func (t *tree) pushOnly() error {
	w := t.only
	if w == nil {
		return nil
	}
	t.only = nil
	return t.storeWindow(w)
}

func (t *tree) storeWindow(w *window) (err error) {
	c := child{size: int64(w.end()), holes: w.holes()}
	if t.dense && len(w.groups) > 0 {
		c.cv = mergeCV(w.groups)
	}
	if c.holes < c.size {
		if c.hash, err = t.w.record(w.encode()); err != nil {
			return err
		}
	}
	return t.push(0, c)
}

// pushSubtree adds a subtree that is stored already. The trees before it must end at a multiple of its level's span. dense
// says whether it has chaining values.
func (t *tree) pushSubtree(level int, c child, dense bool) error {
	if err := t.pushOnly(); err != nil {
		return err
	}
	t.anyDense = t.anyDense || level > 0 && dense
	return t.push(level, c)
}

// pushHoles adds n bytes of holes, whole windows, at the file offset off, which is not the beginning. They are few subtrees, however
// many windows.
func (t *tree) pushHoles(off, n int64) error {
	for n > 0 {
		level := 0
		for level+1 < maxLevel && off%span(level+1) == 0 && n >= span(level+1) {
			level++
		}
		size := span(level)
		if err := t.pushSubtree(level, child{size: size, holes: size}, false); err != nil {
			return err
		}
		off, n = off+size, n-size
	}
	return nil
}

func (t *tree) push(level int, c child) error {
	t.holes += c.holes
	if t.holes > t.w.s.sparseLimit {
		t.dense = false
	}
	t.levels[level] = append(t.levels[level], c)
	if len(t.levels[level]) < fanOut {
		return nil
	}
	return t.raise(level)
}

// raise puts the subtrees of a level under a node.
func (t *tree) raise(level int) error {
	n := t.take(level)
	t.raised = n
	c := n.sum()
	if c.holes < c.size {
		var err error
		if c.hash, err = t.w.record(n.encode()); err != nil {
			return err
		}
		t.anyDense = t.anyDense || n.dense
	}
	t.holes -= c.holes
	return t.push(level+1, c)
}

// take returns a node over the subtrees of a level, which it takes out.
func (t *tree) take(level int) *node {
	n := &node{level: level + 1, dense: t.dense, children: t.levels[level]}
	t.levels[level] = nil
	return n
}

// top ends the tree, of which there is more than one window, and returns its top node, which is not stored.
func (t *tree) top() (*node, error) {
	highest := maxLevel
	for len(t.levels[highest]) == 0 {
		highest--
	}
	for level := 0; ; level++ {
		above := level < highest
		switch {
		case !above && len(t.levels[level]) > 1:
			return t.take(level), nil
		case !above:
			// The only subtree of its level was raised when it became full: it is the top.
			return t.raised, nil
		case len(t.levels[level]) > 0:
			if err := t.raise(level); err != nil {
				return nil, err
			}
			for len(t.levels[highest]) == 0 {
				highest++
			}
		}
	}
}

// content ends the tree and returns what it is of. group is the node of the last group, which is asked for only when there
// is no other.
func (t *tree) content(size int64, group guts.Node) (schema.Content, error) {
	switch {
	case size == 0:
		return schema.Content{Hash: schema.Hash(blake3.Sum256(nil))}, nil
	case t.only != nil:
		return t.single(size, group)
	}
	n, err := t.top()
	if err != nil {
		return schema.Content{}, err
	}
	sparse := t.holes > t.w.s.sparseLimit
	switch {
	case sparse && (t.anyDense || n.dense):
		n, err = t.w.strip(n)
	case !sparse && !n.dense:
		n, err = t.w.fill(n, 0)
	}
	if err != nil {
		return schema.Content{}, err
	}
	root, err := t.w.record(n.encode())
	c := schema.Content{Size: size, Hash: root, Sparse: sparse, Kind: schema.RootNode, Root: root}
	if !sparse {
		c.Hash = rootHash(merge(n.cvs()))
	}
	return c, err
}

// single returns the content of the only window.
func (t *tree) single(size int64, group guts.Node) (schema.Content, error) {
	w := t.only
	if len(w.extents) == 1 && !w.extents[0].hole() {
		h := w.extents[0].hash
		return schema.Content{Size: size, Hash: h, Kind: schema.RootChunk, Root: h}, nil
	}
	if len(w.groups) > 1 {
		group = merge(w.groups)
	}
	root, err := t.w.record(w.encode())
	return schema.Content{Size: size, Hash: rootHash(group), Kind: schema.RootWindow, Root: root}, err
}

// part ends the tree of a part, which is not empty, and returns its root: of the only window if there is but one.
func (t *tree) part() (schema.Hash, error) {
	if t.only != nil {
		return t.w.record(t.only.encode())
	}
	n, err := t.top()
	if err != nil {
		return schema.Hash{}, err
	}
	return t.w.record(n.encode())
}
