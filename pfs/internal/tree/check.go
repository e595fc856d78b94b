package tree

import (
	"context"
	"fmt"

	"pfsd/pfs/internal/schema"
)

// Checker verifies directories. It remembers what it has seen, so that all versions of a directory together cost as much
// as their distinct nodes. It may be used by one goroutine at a time.
type Checker struct {
	s    *Store
	seen map[schema.Hash]*facts
}

// facts are what a node's surroundings are held against. The zero facts are those of a node that is bad itself: that was
// reported, and no more is said of it.
type facts struct {
	level  int
	count  uint64
	totals schema.Totals
	// first and last are the sort keys of the first and the last entry below.
	first, last string
	// ended is set when the node, and each on its right edge below it, ends where the rules want an end; else it must be
	// the last of its level.
	ended bool
}

// NewChecker returns a Checker that has seen nothing.
func NewChecker(s *Store) *Checker {
	return &Checker{s: s, seen: make(map[schema.Hash]*facts)}
}

// Check verifies the directory with the given root and totals, and all that is below it: that every node is there, hashes
// to its name, decodes, is in order, ends where it must and sums up to what its parent says, and that no name stands for
// both a file and a directory. It calls visit for every entry that was not seen before, with its path, and report
// for everything that is wrong, with an error that names the path and wraps ErrCorrupt, or is the Source's. The only
// error that it returns is ctx's.
func (c *Checker) Check(ctx context.Context, root schema.Hash, totals schema.Totals,
	visit func(path string, e *schema.Entry), report func(error)) error {
	w := checkWalk{Checker: c, ctx: ctx, visit: visit, report: report}
	w.dir(root, totals, "")
	return ctx.Err()
}

// checkWalk is one run of Check.
type checkWalk struct {
	*Checker
	ctx    context.Context
	visit  func(path string, e *schema.Entry)
	report func(error)
}

// bad reports what is wrong with the directory at path.
func (w *checkWalk) bad(path, format string, args ...any) {
	w.report(fmt.Errorf("%w: directory %q: %w", ErrCorrupt, "/"+path, fmt.Errorf(format, args...)))
}

// dir checks the directory at path, which is empty or ends in a slash.
func (w *checkWalk) dir(root schema.Hash, totals schema.Totals, path string) {
	if root.IsZero() {
		if totals != (schema.Totals{}) {
			w.bad(path, "is empty, but has totals %+v", totals)
		}
		return
	}
	f := w.node(root, w.s.Load(root, totals), path)
	if *f == (facts{}) {
		return
	}
	if f.totals != totals {
		w.bad(path, "sums up to %+v, not %+v", f.totals, totals)
	}
	if f.level > 0 {
		if n, err := w.s.node(w.ctx, root); err == nil && len(n.items) == 1 {
			w.bad(path, "has a top node above only one")
		}
	}
}

// node checks the node with hash h, of directory d at path, and all below it.
func (w *checkWalk) node(h schema.Hash, d *Dir, path string) *facts {
	if f := w.seen[h]; f != nil {
		return f
	}
	f := &facts{}
	w.seen[h] = f
	if w.ctx.Err() != nil {
		// What was not looked at is not known to be good either.
		delete(w.seen, h)
		return f
	}
	n, err := w.read(h)
	if err != nil {
		w.report(fmt.Errorf("directory %q: %w", "/"+path, err))
		return f
	}
	found := facts{level: n.level, first: n.items[0].key, last: n.key()}
	cut := cutter{level: n.level}
	for i := range n.items {
		it := &n.items[i]
		found.ended = cut.ends(it)
		if found.ended && i < len(n.items)-1 {
			w.bad(path, "node %s has no end at %q", h, it.key)
		}
		found.count += it.count()
		found.totals = found.totals.Add(it.totals())
	}
	if n.level == 0 {
		for i := range n.items {
			w.entry(n.items[i].entry, d, path)
		}
	} else if !w.children(n, h, d, path, &found) {
		return f
	}
	*f = found
	return f
}

// read returns the node with hash h from its rows.
func (w *checkWalk) read(h schema.Hash) (*node, error) {
	_, encoded, err := w.s.read(w.ctx, h)
	if err != nil {
		return nil, err
	}
	// A node that was put together from deltas was not decoded yet.
	n, err := schema.DecodeNode(encoded)
	if err != nil {
		return nil, corruptIfMalformed(err, h)
	}
	return fromSchema(n), nil
}

// children checks the nodes below n, and what n says of them. It returns false when one of them is bad.
func (w *checkWalk) children(n *node, h schema.Hash, d *Dir, path string, found *facts) bool {
	good := true
	before := ""
	for i := range n.items {
		it := &n.items[i]
		child := w.node(it.ref.hash, d, path)
		if *child == (facts{}) {
			good = false
			continue
		}
		last := i == len(n.items)-1
		switch {
		case child.level != n.level-1:
			w.bad(path, "node %s has level %d, and one of %d below", h, n.level, child.level)
		case child.last != it.key || child.count != it.ref.count || child.totals != it.ref.totals:
			w.bad(path, "node %s says something else of node %s than is in it", h, it.ref.hash)
		case child.first <= before:
			w.bad(path, "node %s has %q behind %q", h, child.first, before)
		case !last && !child.ended:
			w.bad(path, "node %s ends too early, at %q", it.ref.hash, it.key)
		}
		before = child.last
		if i == 0 {
			found.first = child.first
		}
		if last {
			found.ended = found.ended && child.ended
		}
	}
	return good
}

// entry checks an entry of d.
func (w *checkWalk) entry(e *schema.Entry, d *Dir, path string) {
	w.visit(path+e.Name, e)
	other, err := d.lookup(w.ctx, otherKey(e))
	switch {
	case err != nil:
		// The node that cannot be read is reported where its turn comes.
	case other != nil:
		w.bad(path, "has both a file and a directory %q", e.Name)
	}
	if e.IsDir() {
		w.dir(e.Root, e.Totals, path+e.Name+"/")
	}
}
