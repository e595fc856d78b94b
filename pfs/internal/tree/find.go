package tree

import (
	"context"
	"errors"

	"pfsd/pfs/internal/schema"
)

// maxFound bounds what is found below one node.
const maxFound = 200

// Found is an entry that a Finder was asked for, or a directory of which a node cannot be read.
type Found struct {
	// Path is relative to the directory that was searched.
	Path string
	// Entry is nil for a directory that cannot be read.
	Entry *schema.Entry
	Err   error
}

// Finder finds entries in many versions of directories. It remembers what it found below each node, so that all versions
// together cost as much as their distinct nodes. It is for one goroutine at a time.
type Finder struct {
	s    *Store
	want func(*schema.Entry) error
	// below has what was found below each node.
	below map[schema.Hash][]Found
}

// NewFinder returns a Finder of the entries for which want returns an error, which is that of what is Found. want is not
// asked of directories.
func NewFinder(s *Store, want func(*schema.Entry) error) *Finder {
	return &Finder{s: s, want: want, below: map[schema.Hash][]Found{}}
}

// Find returns what there is in the stored directory with the given root, at any depth; a few hundred of them, if there are
// more. The error is ctx's or the Source's.
func (f *Finder) Find(ctx context.Context, root schema.Hash) ([]Found, error) {
	if root.IsZero() {
		return nil, nil
	}
	if found, ok := f.below[root]; ok {
		return found, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	decoded, _, err := f.s.read(ctx, root)
	if errors.Is(err, ErrCorrupt) {
		found := []Found{{Err: err}}
		f.below[root] = found
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	var found []Found
	for _, c := range decoded.Children {
		below, err := f.Find(ctx, c.Hash)
		if err != nil {
			return nil, err
		}
		found = append(found, below...)
	}
	for _, e := range decoded.Entries {
		if found, err = f.entry(ctx, e, found); err != nil {
			return nil, err
		}
	}
	found = found[:min(len(found), maxFound)]
	f.below[root] = found
	return found, nil
}

// entry adds e, or what is below it, to found.
func (f *Finder) entry(ctx context.Context, e *schema.Entry, found []Found) ([]Found, error) {
	if !e.IsDir() {
		if err := f.want(e); err != nil {
			found = append(found, Found{Path: e.Name, Entry: e, Err: err})
		}
		return found, nil
	}
	below, err := f.Find(ctx, e.Root)
	for _, b := range below {
		b.Path = e.Name + "/" + b.Path
		found = append(found, b)
	}
	return found, err
}
