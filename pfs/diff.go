package pfs

import (
	"bytes"
	"context"
	"iter"
	"maps"

	"pfsd/pfs/internal/tree"
)

// Difference is a path that is not the same in two versions. Before is nil for one that was added, After for one that was
// removed.
type Difference struct {
	// Path as in CheckPath.
	Path          string
	Before, After *Entry
}

// Diff yields how the version that b names differs from the one that a names, below a path (empty for all), in the order of
// the paths' bytes, a directory's ending in a slash. Directories that only one side has are followed by all that is in
// them. Times, and by which commit an entry was changed, make no difference. It takes time that depends on what is
// different. An error ends the sequence.
func (s *Store) Diff(ctx context.Context, a, b Ref, path string) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		before, err := s.Snapshot(ctx, a)
		if err == nil {
			err = CheckPath(path)
		}
		var after *Snapshot
		if err == nil {
			after, err = s.Snapshot(ctx, b)
		}
		if err != nil {
			yield(Difference{}, err)
			return
		}
		d := differ{ctx: ctx, yield: yield}
		d.at(before.view, after.view, path)
	}
}

// differ walks two trees.
type differ struct {
	ctx   context.Context
	yield func(Difference, error) bool
}

func (d *differ) fail(err error) bool {
	d.yield(Difference{}, wrap("pfs.Diff", err, "", ""))
	return false
}

// at compares what two versions have at path. Neither having it is an error.
func (d *differ) at(a, b view, path string) bool {
	before, _, errA := a.find(d.ctx, path)
	after, _, errB := b.find(d.ctx, path)
	for _, err := range []error{errA, errB} {
		if err != nil && KindOf(err) != KindFileNotFound {
			return d.fail(err)
		}
	}
	switch {
	case errA != nil && errB != nil:
		return d.fail(errA)
	case errA != nil:
		return d.delta(path, nil, &after)
	case errB != nil:
		return d.delta(path, &before, nil)
	case before.IsDir() != after.IsDir():
		return d.delta(path, &before, nil) && d.delta(path, nil, &after)
	}
	return d.delta(path, &before, &after)
}

// delta yields what is different about an entry, either side of which may be nil, and below it. It reports whether to go
// on.
func (d *differ) delta(path string, before, after *tree.Entry) bool {
	if (before == nil || after == nil || !alike(&before.Entry, &after.Entry)) && path != "" {
		if !d.yield(Difference{Path: path, Before: plain(before), After: plain(after)}, nil) {
			return false
		}
	}
	a, b := subOf(before), subOf(after)
	switch {
	case a != nil && b != nil:
		return d.dirs(path, a, b)
	case a != nil:
		return d.all(path, a, func(e *tree.Entry) bool { return d.delta(joinPath(path, e.Name), e, nil) })
	case b != nil:
		return d.all(path, b, func(e *tree.Entry) bool { return d.delta(joinPath(path, e.Name), nil, e) })
	}
	return true
}

func (d *differ) dirs(path string, a, b *tree.Dir) bool {
	for delta, err := range tree.Diff(d.ctx, a, b) {
		if err != nil {
			return d.fail(err)
		}
		name := delta.Old
		if name == nil {
			name = delta.New
		}
		if !d.delta(joinPath(path, name.Name), delta.Old, delta.New) {
			return false
		}
	}
	return true
}

func (d *differ) all(path string, dir *tree.Dir, fn func(*tree.Entry) bool) bool {
	for entry, err := range dir.All(d.ctx, "") {
		if err != nil {
			return d.fail(err)
		}
		if !fn(&entry) {
			return false
		}
	}
	return true
}

// subOf returns the tree of a directory, nil for all else.
func subOf(e *tree.Entry) *tree.Dir {
	if e == nil || !e.IsDir() {
		return nil
	}
	return e.Sub
}

// plain returns the entry as callers see it.
func plain(e *tree.Entry) *Entry {
	if e == nil {
		return nil
	}
	out := outward(*e, Change{})
	return &out
}

// alike reports whether two entries of the same name are the same to a user, times aside. What is below a directory does not
// count.
func alike(a, b *Entry) bool {
	return a.Kind == b.Kind && a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID && a.Content == b.Content &&
		a.Target == b.Target && a.Device == b.Device && a.Link == b.Link && a.Explicit == b.Explicit && sameMeta(a.Meta, b.Meta)
}

func sameMeta(a, b *Meta) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ContentType == b.ContentType && maps.Equal(a.Headers, b.Headers) && maps.Equal(a.User, b.User) &&
		maps.Equal(a.Tags, b.Tags) && maps.Equal(a.Checksums, b.Checksums) &&
		maps.EqualFunc(a.Xattrs, b.Xattrs, bytes.Equal)
}
