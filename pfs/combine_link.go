package pfs

import (
	"context"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// links returns our link tree with what theirs changed of files with several names, and with the names counted that have
// come and gone.
func (c *combiner) links() (*tree.Dir, error) {
	linked := c.ours.linked
	for delta, err := range tree.Diff(c.ctx, c.base.linked, c.theirs.linked) {
		if err != nil {
			return linked, err
		}
		if delta.Old == nil || delta.New == nil || alike(&delta.Old.Entry, &delta.New.Entry) {
			continue // Names came or went, which is seen to where these are.
		}
		if linked, err = c.file(linked, delta); err != nil {
			return linked, err
		}
	}
	return c.counted(linked)
}

// file brings what theirs changed of one file into linked.
func (c *combiner) file(linked *tree.Dir, delta tree.Delta) (*tree.Dir, error) {
	ours, ok, err := linked.Get(c.ctx, delta.Key)
	switch {
	case err != nil:
		return linked, err
	case ok && alike(&ours.Entry, &delta.New.Entry):
		return linked, nil
	case ok && (c.resolve == ResolveTheirs || alike(&ours.Entry, &delta.Old.Entry)):
		taken := *delta.New
		taken.NLink, taken.Changed, taken.Birth = ours.NLink, c.change, ours.Birth
		c.changed = append(c.changed, PathChange{Subtree: true})
		return linked.With(c.ctx, []tree.Entry{taken}, nil)
	case c.resolve == ResolveOurs:
		return linked, nil
	}
	if c.imagined {
		conflicting := c.nothingLike(delta.New, nil)
		return linked.With(c.ctx, []tree.Entry{*conflicting}, nil)
	}
	// Where ours has no name of the file any more it is in conflict even if theirs shall count: nothing says where to put it.
	return linked, c.conflict(delta.Key)
}

// conflict notes that both have changed a file, by one of its names.
func (c *combiner) conflict(key string) error {
	id, err := schema.ParseID(key)
	if err != nil {
		return &Error{Op: "pfs.Merge", Kind: KindCorrupt, Path: key, Err: err}
	}
	path, err := nameOf(c.ctx, c.theirs.root.Sub, "", id)
	c.conflicts = append(c.conflicts, path)
	return err
}

// filesKept reports whether ours has changed no file with several names that has one below a directory.
func (c *combiner) filesKept(dir *tree.Dir) (bool, error) {
	if dir.Totals().Links == 0 {
		return true, nil
	}
	if c.edited == nil {
		var err error
		if c.edited, err = editedFiles(c.ctx, c.base, c.ours); err != nil {
			return false, err
		}
	}
	any, err := anyLink(c.ctx, dir, c.edited)
	return !any, err
}

// counted returns a link tree in which the numbers of names are those that the result has.
func (c *combiner) counted(linked *tree.Dir) (*tree.Dir, error) {
	var puts []tree.Entry
	var removes []string
	for id, n := range c.names {
		file, ok, err := linked.Get(c.ctx, linkName(id))
		if err == nil && !ok {
			if file, ok, err = c.theirs.linked.Get(c.ctx, linkName(id)); !ok && err == nil {
				err = &Error{Op: "pfs.Merge", Kind: KindCorrupt, Path: linkName(id), Err: errLinkMissing}
			}
			if err == nil {
				file.Birth, err = c.newBirth()
			}
			file.NLink, file.Changed = 0, c.change
		}
		if err != nil {
			return linked, err
		}
		if left := int64(file.NLink) + int64(n); left > 0 {
			file.NLink = uint32(left)
			puts = append(puts, file)
		} else {
			removes = append(removes, linkName(id))
		}
	}
	return linked.With(c.ctx, puts, removes)
}

// nameOf returns the first path below a directory, which is at path, that is a name of a file; empty when there is none.
func nameOf(ctx context.Context, dir *tree.Dir, path string, id schema.ID) (string, error) {
	for entry, err := range dir.Linked(ctx) {
		if err != nil {
			return "", err
		}
		at := joinPath(path, entry.Name)
		if entry.IsDir() {
			if at, err = nameOf(ctx, entry.Sub, at, id); err != nil || at != "" {
				return at, err
			}
		} else if entry.Link == id {
			return at, nil
		}
	}
	return "", nil
}
