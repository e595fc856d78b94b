package pfs

import (
	"context"
	"iter"
	"strings"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// open adds what the change of a whole directory did to the files in it.
func (v *versionScan) open(q *eventQueue, ev pathEvent) error {
	store := v.snapshot.store
	c, err := store.loadCommit(v.ctx, ev.commit)
	if err != nil || c == nil || c.id != ev.commit {
		return err // It has been thinned out meanwhile; the one that stays has rows of its own.
	}
	entry, up, err := c.find(v.ctx, ev.path)
	if err != nil && KindOf(err) != KindFileNotFound {
		return err
	}
	d := treeDiff{scan: v, change: c.id, age: ev.age}
	if ev.path == "" {
		if d.files, err = v.rewritten(c); err != nil {
			return err
		}
	}
	before, err := store.trees.LoadTop(v.ctx, ev.subtree.Old)
	if err != nil {
		return err
	}
	after, err := store.trees.LoadTop(v.ctx, ev.subtree.New)
	if err != nil {
		return err
	}
	anew := entry.IsDir() && later(up.placed, entry.Placed).Commit == c.id
	return q.add(d.events(ev.path, before, after, anew))
}

// rewritten returns the files with several names that a commit has changed. Their names may be where nothing else has.
func (v *versionScan) rewritten(c *commit) (map[schema.ID]bool, error) {
	parent, err := v.snapshot.store.ancestor(v.ctx, c, 1)
	if err != nil || parent == nil {
		return nil, err
	}
	return rewrittenFiles(v.ctx, parent.view, c.view)
}

// treeDiff finds the files that a change of a directory has changed.
type treeDiff struct {
	scan   *versionScan
	change schema.ID
	age    age
	// files are those with several names that it has changed, too.
	files map[schema.ID]bool
	yield func(pathEvent, error) bool
}

// events yields them in order. anew is set when the change put all that is in the directory there anew, though the same may
// have been there before.
func (d treeDiff) events(path string, before, after *tree.Dir, anew bool) iter.Seq2[pathEvent, error] {
	return func(yield func(pathEvent, error) bool) {
		d.yield = yield
		at := path
		if at != "" {
			at += "/"
		}
		d.dir(at, before, after, below(path, d.scan.from), anew)
	}
}

// below returns what of from is below the directory dir, and "" when all that is there is behind from.
func below(dir, from string) string {
	if dir == "" {
		return from
	}
	rest, _ := strings.CutPrefix(from, dir+"/")
	if len(rest) == len(from) {
		return ""
	}
	return rest
}

// sub returns the directory that an entry is; an empty one in the absence of it.
func (d *treeDiff) sub(e *tree.Entry) *tree.Dir {
	if e == nil {
		return d.scan.snapshot.store.trees.Empty()
	}
	return e.Sub
}

func (d *treeDiff) places(e *tree.Entry) bool {
	return e != nil && !e.Placed.Commit.IsZero() && e.Placed.Commit == d.change
}

// dir yields the files that differ between two directories whose path is at (empty, or ending in a slash), from the key from
// on, which is relative to it. It reports whether to go on.
func (d *treeDiff) dir(at string, before, after *tree.Dir, from string, anew bool) bool {
	first, rest, inside := strings.Cut(from, "/")
	if inside {
		first += "/"
	}
	for delta, err := range d.deltas(before, after, first, anew) {
		if err != nil {
			d.yield(pathEvent{}, err)
			return false
		}
		if delta.Key < first {
			continue
		}
		path, into := at+delta.Key, ""
		if inside && delta.Key == first {
			into = rest
		}
		if into == "" && !strings.HasPrefix(path, d.scan.prefix) {
			return false
		}
		if !d.delta(path, into, delta, anew) {
			return false
		}
	}
	return true
}

func (d *treeDiff) deltas(before, after *tree.Dir, first string, anew bool) iter.Seq2[tree.Delta, error] {
	switch {
	case anew:
		return both(d.scan.ctx, before, after, first)
	case len(d.files) > 0:
		return diffLinked(d.scan.ctx, before, after, d.files)
	}
	return tree.DiffFrom(d.scan.ctx, before, after, first)
}

func (d *treeDiff) delta(path, into string, delta tree.Delta, anew bool) bool {
	if strings.HasSuffix(path, "/") {
		return d.dir(path, d.sub(delta.Old), d.sub(delta.New), into, anew || d.places(delta.New))
	}
	if delta.Old == delta.New && !d.files[delta.New.Link] {
		return true
	}
	ev := pathEvent{path: path, age: d.age, commit: d.change, is: stateOther, was: stateOther}
	if delta.Old != nil {
		ev.was = stateOf(delta.Old.Kind)
	}
	if delta.New != nil {
		ev.is = stateOf(delta.New.Kind)
	}
	if ev.is == stateOther && ev.was == stateOther {
		return true
	}
	return d.yield(ev, nil)
}

// both yields all entries of two directories, those of one key together, from the first that is not before from.
func both(ctx context.Context, a, b *tree.Dir, from string) iter.Seq2[tree.Delta, error] {
	return func(yield func(tree.Delta, error) bool) {
		next, stop := iter.Pull2(a.All(ctx, from))
		defer stop()
		old, err, more := next()
		before := func(key string) bool { return more && (key == "" || old.SortKey() < key) }
		flush := func(key string) bool {
			for err == nil && before(key) {
				entry := old
				if !yield(tree.Delta{Key: entry.SortKey(), Old: &entry}, nil) {
					return false
				}
				old, err, more = next()
			}
			return true
		}
		for entry, failed := range b.All(ctx, from) {
			if failed != nil {
				yield(tree.Delta{}, failed)
				return
			}
			delta := tree.Delta{Key: entry.SortKey(), New: &entry}
			if !flush(delta.Key) {
				return
			}
			if err == nil && more && old.SortKey() == delta.Key {
				same := old
				delta.Old = &same
				old, err, more = next()
			}
			if err != nil {
				break
			}
			if !yield(delta, nil) {
				return
			}
		}
		if flush("") && err != nil {
			yield(tree.Delta{}, err)
		}
	}
}
