package pfs

import (
	"context"
	"errors"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

const (
	// maxIndexBytes bounds the rows of the path index that one commit writes, in bytes; beyond it there is one for the
	// whole tree, as there is when a path is too long for a key.
	maxIndexBytes = 512 << 10
	// maxExpand is the most entries below a directory that comes or goes for each of which a row is written.
	maxExpand = 64
	// maxNames is the most links in a tree in which the names of a changed file are looked for.
	maxNames = 4096
)

var errIndexFull = errors.New("pfs: too many changed paths, or too long a one, for single rows")

// putCommit adds the rows of a commit: its record, its place on its line, and the path index of what it changed.
func (g *group) putCommit(ctx context.Context, made, parent *commit) error {
	rows, err := pathRows(ctx, made, parent, g.hashOf)
	if err != nil {
		return err
	}
	for _, row := range rows {
		g.put(row.Key, row.Value)
	}
	g.put(schema.CommitKey(made.id), made.rec.Append(nil))
	g.put(schema.SeqKey(made.rec.Line, made.rec.Seq), made.id[:])
	return nil
}

// pathRows returns the rows of the path index for a commit. They are a function of the two trees, so that Check can make
// them again. hashOf returns the hash of a directory.
func pathRows(ctx context.Context, made, parent *commit, hashOf func(*tree.Dir) schema.Hash) ([]kv.Row, error) {
	files, err := rewrittenFiles(ctx, parent.view, made.view)
	if err != nil {
		return nil, err
	}
	ix := &indexer{ctx: ctx, commit: made, hashOf: hashOf, files: files}
	if len(files) > 0 && made.root.Sub.Totals().Links > maxNames {
		err = errIndexFull
	} else {
		err = ix.root(parent.root, made.root)
	}
	if errors.Is(err, errIndexFull) {
		ix.rows, ix.bytes = nil, -maxIndexBytes
		ix.subtree("", parent.root.Root, made.root.Root)
		return ix.rows, nil
	}
	return ix.rows, err
}

// indexer collects the rows of the path index for one commit.
type indexer struct {
	ctx    context.Context
	commit *commit
	hashOf func(*tree.Dir) schema.Hash
	// files are those with several names that the commit has changed, whose other names are to be found.
	files map[schema.ID]bool
	rows  []kv.Row
	bytes int
}

// add adds a row. Details do not count, which are not in all stores.
func (ix *indexer) add(key, value []byte, detail int) error {
	ix.bytes += len(key) + len(value) - detail
	ix.rows = append(ix.rows, kv.Row{Key: key, Value: value})
	if ix.bytes > maxIndexBytes || len(key) > kv.MaxKey {
		return errIndexFull
	}
	return nil
}

// path adds a row for what was done to the entry at path, or below it.
func (ix *indexer) path(path string, rec schema.PathRecord) error {
	rec.Commit = ix.commit.id
	detail := rec.Detail
	rec.Detail = nil
	plain := len(rec.Append(nil))
	if rec.Detail = detail; detail != nil {
		detail.Time = ix.commit.rec.Time
	}
	value := rec.Append(nil)
	return ix.add(schema.PathKey(ix.commit.rec.Line, path, ix.commit.rec.Seq), value, len(value)-plain)
}

func (ix *indexer) subtree(path string, before, after schema.Hash) error {
	rec := schema.SubtreeRecord{Commit: ix.commit.id, Old: before, New: after}
	return ix.add(schema.SubtreeKey(ix.commit.rec.Line, path, ix.commit.rec.Seq), rec.Append(nil), 0)
}

func (ix *indexer) root(before, after tree.Entry) error {
	if before.Changed != after.Changed {
		if err := ix.put("", &after); err != nil {
			return err
		}
	}
	anew := before.Placed != after.Placed
	if anew && isLarge(before.Sub, after.Sub) {
		return ix.subtree("", ix.rootOf(before.Sub), ix.rootOf(after.Sub))
	}
	_, err := ix.dir("", before.Sub, after.Sub, anew)
	return err
}

// dir adds rows for what differs below a directory, and reports whether anything does. A name that changed from a
// directory to something else comes twice, as added and then as removed: what was put last counts. A directory in which a
// change was made and taken back before the commit may come as different from what it is equal to; it has no rows. anew is
// set when all that is there was put there by the commit, though some of it may have been there before.
func (ix *indexer) dir(path string, before, after *tree.Dir, anew bool) (bool, error) {
	put := map[string]bool{}
	differs := false
	deltas := diffLinked(ix.ctx, before, after, ix.files)
	if anew {
		deltas = both(ix.ctx, before, after, "")
	}
	for delta, err := range deltas {
		switch {
		case err != nil:
		case delta.Old == delta.New && !delta.New.IsDir():
			if ix.files[delta.New.Link] {
				differs, err = true, ix.put(joinPath(path, delta.New.Name), delta.New)
			}
		case delta.Old != nil && delta.New != nil && delta.Old.IsDir() && delta.New.IsDir():
			var changed bool
			changed, err = ix.changedDir(joinPath(path, delta.New.Name), delta.Old, delta.New, anew)
			differs = differs || changed
			put[delta.New.Name] = true
		case delta.New != nil:
			differs, put[delta.New.Name] = true, true
			err = ix.delta(path, delta.Old, delta.New)
		case put[delta.Old.Name]:
			differs = true
			err = ix.whole(joinPath(path, delta.Old.Name), delta.Old.Sub, nil)
		default:
			differs = true
			err = ix.delta(path, delta.Old, nil)
		}
		if err != nil {
			return false, err
		}
	}
	return differs, nil
}

// delta adds rows for an entry of the directory at dir; before is nil when it is new, after when it is gone. Not both are
// directories.
func (ix *indexer) delta(dir string, before, after *tree.Entry) error {
	if after == nil {
		path := joinPath(dir, before.Name)
		if err := ix.path(path, schema.PathRecord{Op: schema.PathRemoved, Detail: &schema.PathDetail{}}); err != nil || !before.IsDir() {
			return err
		}
		return ix.whole(path, before.Sub, nil)
	}
	path := joinPath(dir, after.Name)
	if err := ix.put(path, after); err != nil || !after.IsDir() {
		return err
	}
	return ix.whole(path, nil, after.Sub)
}

// changedDir adds rows for a directory that was there before, and reports whether it is another now. One that was moved or
// copied over it is, with all that is in it.
func (ix *indexer) changedDir(path string, before, after *tree.Entry, anew bool) (bool, error) {
	anew = anew || before.Placed != after.Placed
	if anew && isLarge(before.Sub, after.Sub) {
		if err := ix.put(path, after); err != nil {
			return true, err
		}
		return true, ix.subtree(path, ix.rootOf(before.Sub), ix.rootOf(after.Sub))
	}
	below, err := ix.dir(path, before.Sub, after.Sub, anew)
	switch {
	case err != nil:
		return false, err
	case anew, before.Changed != after.Changed:
		return true, ix.put(path, after)
	case below:
		return true, ix.path(path, schema.PathRecord{Op: schema.PathBelow})
	}
	// Whether it bears the hash of what is below yet is no difference.
	was, is := before.Entry, after.Entry
	was.Root, was.Totals = is.Root, is.Totals
	return !was.Equal(&is), nil
}

func (ix *indexer) put(path string, e *tree.Entry) error {
	rec := schema.PathRecord{Op: schema.PathPut, Kind: e.Kind}
	switch e.Kind {
	case schema.KindFile:
		rec.Hash, rec.Size = e.Content.Hash, e.Content.Size
		rec.Detail = &schema.PathDetail{Ctime: e.Ctime, Marks: schema.MarksOf(&e.Entry)}
	case schema.KindLink:
		rec.Detail = &schema.PathDetail{}
	}
	return ix.path(path, rec)
}

// whole adds rows for a directory that came or went with all that is in it: one for each entry below when they are few,
// else one for the directory. The absent side is nil.
func (ix *indexer) whole(path string, before, after *tree.Dir) error {
	present := before
	if present == nil {
		present = after
	}
	if isLarge(present) {
		return ix.subtree(path, ix.rootOf(before), ix.rootOf(after))
	}
	for entry, err := range present.All(ix.ctx, "") {
		if err != nil {
			return err
		}
		if before != nil {
			err = ix.delta(path, &entry, nil)
		} else {
			err = ix.delta(path, nil, &entry)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isLarge reports whether there are more entries below directories than have rows of their own.
func isLarge(dirs ...*tree.Dir) bool {
	n := uint64(0)
	for _, d := range dirs {
		n += d.Totals().Files + d.Totals().Dirs
	}
	return n > maxExpand
}

// rootOf returns the hash of a directory, zero for one that is not there.
func (ix *indexer) rootOf(d *tree.Dir) schema.Hash {
	if d == nil {
		return schema.Hash{}
	}
	return ix.hashOf(d)
}

// storedRoot returns the hash of a directory that is stored.
func storedRoot(d *tree.Dir) schema.Hash {
	root, _ := d.Root()
	return root
}
