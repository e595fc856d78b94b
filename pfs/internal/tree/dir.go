package tree

import (
	"context"

	"pfsd/pfs/internal/schema"
)

// Entry is an entry of a directory, as a value of the caller's own, but for maps and slices, which never change.
type Entry struct {
	schema.Entry
	// Sub is the tree of a directory; nil for all else. In what this package returns it is always set, and Totals are its
	// own, as is Root, which is zero while Sub is unsaved. In what is put, Sub counts and Root and Totals do not,
	// unless Sub is nil. Number is not stored.
	Sub *Dir
}

// Dir is a directory: a set of entries, by name. It is immutable and may be used concurrently.
//
// A Dir is saved when its nodes are known to be stored, and holds next to nothing in memory then; else it is
// unsaved, and holds those that are not stored. Errors of its methods are those of the Source and of ctx, unchanged,
// and those that wrap ErrCorrupt.
type Dir struct {
	s *Store
	// top is the top node; nil when there are no entries.
	top *ref
}

// IsEmpty reports whether d has no entries.
func (d *Dir) IsEmpty() bool { return d.top == nil }

// Totals sum up what is below d, at any depth. They are right for an unsaved directory too.
func (d *Dir) Totals() schema.Totals {
	if d.top == nil {
		return schema.Totals{}
	}
	return d.top.totals
}

// Root returns the hash of d's top node, zero for an empty directory; false while d is unsaved.
func (d *Dir) Root() (schema.Hash, bool) {
	switch {
	case d.top == nil:
		return schema.Hash{}, true
	case d.top.stored.Load():
		return d.top.hash, true
	}
	return schema.Hash{}, false
}

// Same reports whether d and o are known to be the same, from what is in memory. It may miss that an unsaved directory
// has the same entries as another.
func (d *Dir) Same(o *Dir) bool {
	if d.top == nil || o.top == nil {
		return d.top == o.top
	}
	return d.top.same(o.top)
}

// Len returns the number of entries directly in d. It reads one node at most.
func (d *Dir) Len(ctx context.Context) (uint64, error) {
	if d.top == nil {
		return 0, nil
	}
	n, err := d.s.load(ctx, d.top)
	if err != nil {
		return 0, err
	}
	var sum uint64
	for i := range n.items {
		sum += n.items[i].count()
	}
	return sum, nil
}

// Get returns the entry with the given name, whatever its kind; false when there is none.
func (d *Dir) Get(ctx context.Context, name string) (Entry, bool, error) {
	for _, key := range [...]string{name, name + "/"} {
		it, err := d.lookup(ctx, key)
		if err != nil {
			return Entry{}, false, err
		}
		if it != nil {
			return it.out(d.s), true, nil
		}
	}
	return Entry{}, false, nil
}

// lookup returns the item with the given sort key, or nil.
func (d *Dir) lookup(ctx context.Context, key string) (*item, error) {
	for r := d.top; r != nil; {
		n, err := d.s.load(ctx, r)
		if err != nil {
			return nil, err
		}
		i := n.find(key)
		if i == len(n.items) {
			return nil, nil
		}
		it := &n.items[i]
		if n.level == 0 {
			if it.key != key {
				return nil, nil
			}
			return it, nil
		}
		r = it.ref
	}
	return nil, nil
}
