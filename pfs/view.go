package pfs

import (
	"context"
	"iter"
	"runtime"
	"strings"

	"pfsd/pfs/internal/tree"
)

// view reads the files below a root. It is what a Snapshot and a Tx have in common.
type view struct {
	root tree.Entry
	// linked is the link tree: what the links below the root stand for.
	linked *tree.Dir
	// keeper keeps what the view shows from being collected as garbage.
	keeper *keeper
}

// find returns the entry at path as the tree has it, a link as such, and the latest Placed of the directories above it.
func (v view) find(ctx context.Context, path string) (tree.Entry, Change, error) {
	entry, placed := v.root, v.root.Placed
	for rest := path; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		if !entry.IsDir() {
			return tree.Entry{}, Change{}, &Error{Op: "pfs.Stat", Kind: KindFileNotFound, Path: path}
		}
		placed = later(placed, entry.Placed)
		child, ok, err := entry.Sub.Get(ctx, name)
		if err != nil {
			return tree.Entry{}, Change{}, wrap("pfs.Stat", err, "", path)
		}
		if !ok {
			return tree.Entry{}, Change{}, &Error{Op: "pfs.Stat", Kind: KindFileNotFound, Path: path}
		}
		entry = child
	}
	return entry, placed, nil
}

// stat returns the entry at path as callers of the package see it.
func (v view) stat(ctx context.Context, path string) (Entry, error) {
	if err := checkNames(path); err != nil {
		return Entry{}, err
	}
	entry, placed, err := v.look(ctx, path)
	if err != nil {
		return Entry{}, err
	}
	out := outward(entry, placed)
	if path == "" {
		out.Totals = v.totals()
	}
	return out, nil
}

// outward makes of an entry, which is no link, below a directory that was last placed by placed, one for callers.
func outward(e tree.Entry, placed Change) Entry {
	out := e.Entry
	if e.IsDir() {
		out.Totals = e.Sub.Totals()
		placed = later(placed, e.Placed)
	}
	out.Changed = later(out.Changed, placed)
	return out
}

func later(a, b Change) Change {
	if b.Gen > a.Gen {
		return b
	}
	return a
}

// list yields the entries of a directory from the first whose sort key is not before from.
func (v view) list(ctx context.Context, dir, from string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		defer runtime.KeepAlive(v.keeper)
		if err := checkNames(dir); err != nil {
			yield(Entry{}, err)
			return
		}
		entry, placed, err := v.find(ctx, dir)
		if err == nil && !entry.IsDir() {
			err = &Error{Op: "pfs.List", Kind: KindNotDir, Path: dir}
		}
		if err != nil {
			yield(Entry{}, err)
			return
		}
		placed = later(placed, entry.Placed)
		for child, err := range entry.Sub.All(ctx, from) {
			if err != nil {
				yield(Entry{}, wrap("pfs.List", err, "", dir))
				return
			}
			if child, err = v.resolve(ctx, child); err != nil {
				yield(Entry{}, err)
				return
			}
			if !yield(outward(child, placed), nil) {
				return
			}
		}
	}
}

// Item is an entry with its whole path. A directory's Path ends in a slash.
type Item struct {
	Path  string
	Entry Entry
}

// walk yields every entry below the root in the order of Item.Path, from the first that is not before from, as long as
// the path begins with prefix.
func (v view) walk(ctx context.Context, prefix, from string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		defer runtime.KeepAlive(v.keeper)
		w := walker{ctx: ctx, view: v, prefix: prefix, yield: yield}
		w.dir(v.root, v.root.Placed, "", max(prefix, from))
	}
}

type walker struct {
	ctx    context.Context
	view   view
	prefix string
	yield  func(Item, error) bool
}

// dir walks a directory whose path is at (empty, or ending in a slash), from the key from on, which is relative to it.
// It reports whether to go on.
func (w *walker) dir(dir tree.Entry, placed Change, at, from string) bool {
	first, rest, below := strings.Cut(from, "/")
	if below {
		first += "/"
	}
	for entry, err := range dir.Sub.All(w.ctx, first) {
		if err != nil {
			w.yield(Item{}, wrap("pfs.Walk", err, "", at))
			return false
		}
		key := entry.SortKey()
		path := at + key
		into := ""
		if below && key == first {
			into = rest
		}
		if into == "" {
			if !strings.HasPrefix(path, w.prefix) {
				return false
			}
			if entry, err = w.view.resolve(w.ctx, entry); err != nil {
				w.yield(Item{}, err)
				return false
			}
			if !w.yield(Item{Path: path, Entry: outward(entry, placed)}, nil) {
				return false
			}
		}
		if entry.IsDir() && !w.dir(entry, later(placed, entry.Placed), path, into) {
			return false
		}
	}
	return true
}
