package pfs

import (
	"bytes"
	"context"
	"iter"
	"maps"

	"pfsd/pfs/internal/schema"
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
// them. Times, by which commit an entry was changed, and Birth and Number make no difference. It takes time that depends on what is
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
		d := differ{ctx: ctx, yield: yield, before: before.view, after: after.view}
		if d.files, err = editedFiles(ctx, before.view, after.view); err != nil {
			d.fail(err)
			return
		}
		d.at(path)
	}
}

// differ walks two trees.
type differ struct {
	ctx           context.Context
	yield         func(Difference, error) bool
	before, after view
	// files are those with several names that differ.
	files map[schema.ID]bool
}

func (d *differ) fail(err error) bool {
	d.yield(Difference{}, wrap("pfs.Diff", err, "", ""))
	return false
}

// at compares what two versions have at path. Neither having it is an error.
func (d *differ) at(path string) bool {
	before, _, errA := d.before.find(d.ctx, path)
	after, _, errB := d.after.find(d.ctx, path)
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
	was, err := d.plain(d.before, before)
	var is *Entry
	if err == nil {
		is, err = d.plain(d.after, after)
	}
	if err != nil {
		return d.fail(err)
	}
	if (was == nil || is == nil || !alike(was, is)) && path != "" && !d.yield(Difference{Path: path, Before: was, After: is}, nil) {
		return false
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
	for delta, err := range diffLinked(d.ctx, a, b, d.files) {
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

// plain returns an entry of a version as callers see it; nil for none.
func (d *differ) plain(of view, e *tree.Entry) (*Entry, error) {
	if e == nil {
		return nil, nil
	}
	file, err := of.resolve(d.ctx, *e)
	out := outward(file, above{})
	out.Number = 0
	return &out, err
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
