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

// find returns the entry at path as the tree has it, a link as such, and what the directories above say about it.
func (v view) find(ctx context.Context, path string) (tree.Entry, above, error) {
	entry, up := v.root, above{placed: v.root.Placed}
	for rest := path; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		if !entry.IsDir() {
			return tree.Entry{}, above{}, &Error{Op: "pfs.Stat", Kind: KindFileNotFound, Path: path}
		}
		up = up.into(&entry.Entry)
		child, ok, err := entry.Sub.Get(ctx, name)
		if err != nil {
			return tree.Entry{}, above{}, wrap("pfs.Stat", err, "", path)
		}
		if !ok {
			return tree.Entry{}, above{}, &Error{Op: "pfs.Stat", Kind: KindFileNotFound, Path: path}
		}
		entry = child
	}
	return entry, up, nil
}

// stat returns the entry at path as callers of the package see it.
func (v view) stat(ctx context.Context, path string) (Entry, error) {
	if err := checkNames(path); err != nil {
		return Entry{}, err
	}
	entry, up, err := v.look(ctx, path)
	if err != nil {
		return Entry{}, err
	}
	out := outward(entry, up)
	if path == "" {
		out.Totals = v.totals()
	}
	return out, nil
}

// outward makes of an entry, which is no link, one for callers. Directories above it say up.
func outward(e tree.Entry, up above) Entry {
	out, placed := e.Entry, up.placed
	if e.IsDir() {
		out.Totals = e.Sub.Totals()
		placed = later(placed, e.Placed)
	}
	out.Changed = later(out.Changed, placed)
	if out.Link.IsZero() {
		out.Number = up.number(&out)
	}
	return out
}

// list yields the entries of a directory from the first whose sort key is not before from.
func (v view) list(ctx context.Context, dir, from string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		defer runtime.KeepAlive(v.keeper)
		if err := checkNames(dir); err != nil {
			yield(Entry{}, err)
			return
		}
		entry, up, err := v.find(ctx, dir)
		if err == nil && !entry.IsDir() {
			err = &Error{Op: "pfs.List", Kind: KindNotDir, Path: dir}
		}
		if err != nil {
			yield(Entry{}, err)
			return
		}
		up = up.into(&entry.Entry)
		for child, err := range entry.Sub.All(ctx, from) {
			if err != nil {
				yield(Entry{}, wrap("pfs.List", err, "", dir))
				return
			}
			if child, err = v.resolve(ctx, child); err != nil {
				yield(Entry{}, err)
				return
			}
			if !yield(outward(child, up), nil) {
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
		w.dir(v.root, above{}.into(&v.root.Entry), "", max(prefix, from))
	}
}

type walker struct {
	ctx    context.Context
	view   view
	prefix string
	yield  func(Item, error) bool
}

// dir walks a directory whose path is at (empty, or ending in a slash), from the key from on, which is relative to it.
// up is what is said about the entries in it. It reports whether to go on.
func (w *walker) dir(dir tree.Entry, up above, at, from string) bool {
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
			if !w.yield(Item{Path: path, Entry: outward(entry, up)}, nil) {
				return false
			}
		}
		if entry.IsDir() && !w.dir(entry, up.into(&entry.Entry), path, into) {
			return false
		}
	}
	return true
}
