package pfs

import (
	"context"
	"errors"
	"iter"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// A file with several names is an entry of the link tree of its version, named by its id. In the tree of directories each of
// its names is a link, which holds the id and the commit that last changed the name. The file stays where it is when all
// names but one have gone.

var errLinkMissing = errors.New("the file that it is a name of is missing")

// linkName is the name in the link tree of the file with an id.
func linkName(id LinkID) string { return id.String() }

// linkEntry is a name, made by a change, of the file with an id.
func linkEntry(name string, id LinkID, change Change) tree.Entry {
	return tree.Entry{Entry: Entry{Name: name, Kind: EntryLink, Link: id, Changed: change}}
}

// linkedFile returns the file with an id as the link tree has it, with its number.
func (v view) linkedFile(ctx context.Context, id LinkID) (file tree.Entry, absent bool, err error) {
	file, ok, err := v.linked.Get(ctx, linkName(id))
	file.Number = linkTree().number(&file.Entry)
	return file, !ok, wrap("pfs.Stat", err, "", "")
}

// resolve returns e or, if it is a link, the file that it is a name of, under that name.
func (v view) resolve(ctx context.Context, e tree.Entry) (tree.Entry, error) {
	if e.Kind != EntryLink {
		return e, nil
	}
	file, absent, err := v.linkedFile(ctx, e.Link)
	if err == nil && absent {
		err = &Error{Op: "pfs.Stat", Kind: KindCorrupt, Path: e.Name, Err: errLinkMissing}
	}
	file.Name, file.Link, file.Changed = e.Name, e.Link, later(file.Changed, e.Changed)
	return file, err
}

// look is find with links resolved.
func (v view) look(ctx context.Context, path string) (tree.Entry, above, error) {
	entry, up, err := v.find(ctx, path)
	if err == nil {
		entry, err = v.resolve(ctx, entry)
	}
	return entry, up, err
}

// totals sum up the whole version: the bytes of a file with several names count once.
func (v view) totals() Totals {
	sum := v.root.Sub.Totals()
	sum.Bytes += v.linked.Totals().Bytes
	return sum
}

// StatLink returns the file that has several names, or had, under whichever of them; its Name is none of these. The error is
// of KindFileNotFound when no name is left, or there never was one.
func (s *Snapshot) StatLink(ctx context.Context, id LinkID) (Entry, error) {
	return s.view.statLink(ctx, id)
}

func (v view) statLink(ctx context.Context, id LinkID) (Entry, error) {
	file, absent, err := v.linkedFile(ctx, id)
	if err == nil && absent {
		err = &Error{Op: "pfs.StatLink", Kind: KindFileNotFound, Path: linkName(id)}
	}
	if err != nil {
		return Entry{}, err
	}
	file.Link = id
	return file.Entry, nil
}

// sameFile reports whether two entries are names of one file that has several.
func sameFile(a, b tree.Entry) bool {
	return a.Kind == EntryLink && b.Kind == EntryLink && a.Link == b.Link
}

// editedFiles returns the files with several names that are not the same to a user in two versions.
func editedFiles(ctx context.Context, a, b view) (map[schema.ID]bool, error) {
	return filesWhere(ctx, a, b, func(d tree.Delta) bool { return !alike(&d.Old.Entry, &d.New.Entry) })
}

// rewrittenFiles returns the files with several names that another commit was the last to change in b than in a.
func rewrittenFiles(ctx context.Context, a, b view) (map[schema.ID]bool, error) {
	return filesWhere(ctx, a, b, func(d tree.Delta) bool { return d.Old.Changed != d.New.Changed })
}

// filesWhere returns the files with several names that differ, as differs has it, between two versions that both have them.
func filesWhere(ctx context.Context, a, b view, differs func(tree.Delta) bool) (map[schema.ID]bool, error) {
	files := map[schema.ID]bool{}
	for delta, err := range tree.Diff(ctx, a.linked, b.linked) {
		if err != nil {
			return nil, err
		}
		if delta.Old == nil || delta.New == nil || !differs(delta) {
			continue
		}
		id, err := schema.ParseID(delta.Key)
		if err != nil {
			return nil, &Error{Op: "pfs.Diff", Kind: KindCorrupt, Path: delta.Key, Err: err}
		}
		files[id] = true
	}
	return files, nil
}

// anyLink reports whether a name of one of the files is below a directory.
func anyLink(ctx context.Context, dir *tree.Dir, files map[schema.ID]bool) (bool, error) {
	if len(files) == 0 {
		return false, nil
	}
	for entry, err := range dir.Linked(ctx) {
		if err != nil {
			return false, err
		}
		any := files[entry.Link]
		if entry.IsDir() {
			any, err = anyLink(ctx, entry.Sub, files)
		}
		if any || err != nil {
			return any, err
		}
	}
	return false, nil
}

// diffLinked is tree.Diff. When names below b lead to one of the files, it also yields, in their places, the links and the
// directories with links that are the same in a and b, each with Old and New being one.
func diffLinked(ctx context.Context, a, b *tree.Dir, files map[schema.ID]bool) iter.Seq2[tree.Delta, error] {
	if len(files) == 0 || b.Totals().Links == 0 {
		return tree.Diff(ctx, a, b)
	}
	return func(yield func(tree.Delta, error) bool) {
		next, stop := iter.Pull2(b.Linked(ctx))
		defer stop()
		entry, err, more := next()
		for delta, deltaErr := range tree.Diff(ctx, a, b) {
			for ; more && err == nil && deltaErr == nil && entry.SortKey() <= delta.Key; entry, err, more = next() {
				if same := entry; entry.SortKey() < delta.Key && !yield(tree.Delta{Key: same.SortKey(), Old: &same, New: &same}, nil) {
					return
				}
			}
			if !yield(delta, errors.Join(deltaErr, err)) || err != nil {
				return
			}
		}
		for ; more; entry, err, more = next() {
			if same := entry; !yield(tree.Delta{Key: same.SortKey(), Old: &same, New: &same}, err) {
				return
			}
		}
	}
}

// countLinks adds how many names of each file there are in e and below it to counts, n for each.
func countLinks(ctx context.Context, e tree.Entry, n int, counts map[schema.ID]int) error {
	if e.Kind == EntryLink {
		counts[e.Link] += n
	}
	if !e.IsDir() {
		return nil
	}
	for entry, err := range e.Sub.Linked(ctx) {
		if err == nil {
			err = countLinks(ctx, entry, n, counts)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
