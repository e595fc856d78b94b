package pfs

import (
	"context"
	"iter"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// Tx is one atomic change of a branch. It reads what it has written. It belongs to the function that it was given to, and
// is not to be used after that has returned.
type Tx struct {
	ctx    context.Context
	group  *group
	branch *branch
	view   view
	change schema.Change
	now    int64
	// changes are the paths changed so far; wide is set when the change may not share a commit with another one.
	changes []PathChange
	wide    bool
	// links are the roots of the contents that have been linked.
	links []schema.Hash
	// copied are the versions of which it is known that what they had not on disk may be linked, and is among links.
	copied []*Snapshot
	// needs are the features of the format that the change needs.
	needs needs
	// files are the files with several names that have been changed.
	files []LinkID
	// onSuccess is called when the function has returned without an error.
	onSuccess []func()
}

// Now is the time of the change in nanoseconds since 1970: new entries should bear it.
func (t *Tx) Now() int64 { return t.now }

// Stat returns the entry at path, as Snapshot.Stat does.
func (t *Tx) Stat(path string) (Entry, error) { return t.view.stat(t.ctx, path) }

// List yields the entries of a directory, as Snapshot.List does. The sequence shows the directory as it is when it begins.
func (t *Tx) List(dir, from string) iter.Seq2[Entry, error] { return t.view.list(t.ctx, dir, from) }

// Pending is the id that the commit of this change will have.
func (t *Tx) Pending() CommitID { return t.change.Commit }

func (t *Tx) changed() bool { return len(t.changes) > 0 || len(t.files) > 0 || len(t.onSuccess) > 0 }

// touch notes that path was changed.
func (t *Tx) touch(path string, subtree bool) {
	t.changes = append(t.changes, PathChange{Path: path, Subtree: subtree})
	t.wide = t.wide || subtree
}

// fail returns an error of the operation op about path.
func fail(op string, kind Kind, path string) error { return &Error{Op: op, Kind: kind, Path: path} }

// at says how in looks after the directories on its way.
type at struct {
	// missing makes a directory that is not there, below parent; nil fails with KindFileNotFound.
	missing func(parent *tree.Entry, name string) tree.Entry
	// prune removes an implicit directory that is left empty.
	prune bool
}

// in lets fn change the directory at path, and puts what comes of it in the place of all directories above. path has been
// checked. Only when fn succeeds is anything changed.
func (t *Tx) in(op, path string, how at, fn func(dir *tree.Entry) error) error {
	changes, files, linked := len(t.changes), len(t.files), t.view.linked
	root, err := t.descend(op, t.view.root, "", path, how, fn)
	if err != nil {
		t.changes, t.files, t.view.linked = t.changes[:changes], t.files[:files], linked
		return err
	}
	t.view.root = root
	return nil
}

// descend returns dir, which is at done, as it is after fn changed what is at rest below it.
func (t *Tx) descend(op string, dir tree.Entry, done, rest string, how at, fn func(dir *tree.Entry) error) (tree.Entry, error) {
	if rest == "" {
		err := fn(&dir)
		return dir, err
	}
	name, rest := cutPath(rest)
	path := joinPath(done, name)
	child, ok, err := dir.Sub.Get(t.ctx, name)
	switch {
	case err != nil:
		return dir, wrap(op, err, "", path)
	case ok && !child.IsDir():
		return dir, fail(op, KindNotDir, path)
	case !ok && how.missing == nil:
		return dir, fail(op, KindFileNotFound, path)
	case !ok:
		child = how.missing(&dir, name)
		if child.Birth, err = t.newBirth(); err != nil {
			return dir, wrap(op, err, "", path)
		}
		t.aged(&dir)
	}
	if child, err = t.descend(op, child, path, rest, how, fn); err != nil {
		return dir, err
	}
	if how.prune && !child.Explicit && child.Sub.IsEmpty() {
		t.touch(path, false)
		return t.without(op, dir, name)
	}
	if !ok {
		t.touch(path, false)
	}
	return t.with(op, dir, child)
}

// with returns dir with an entry put.
func (t *Tx) with(op string, dir, entry tree.Entry) (tree.Entry, error) {
	if entry.Kind == EntryFile && entry.Content.Hash.IsZero() {
		return dir, fail(op, KindInvalid, entry.Name) // not even that of no bytes
	}
	if entry.Kind == EntryFile {
		t.links = append(t.links, entry.Content.Root)
	}
	sub, err := dir.Sub.With(t.ctx, []tree.Entry{entry}, nil)
	if err != nil {
		return dir, wrap(op, err, "", entry.Name)
	}
	dir.Sub = sub
	return dir, nil
}

// without returns dir with a name removed, which is a change of dir itself, too.
func (t *Tx) without(op string, dir tree.Entry, name string) (tree.Entry, error) {
	sub, err := dir.Sub.With(t.ctx, nil, []string{name})
	if err != nil {
		return dir, wrap(op, err, "", name)
	}
	dir.Sub = sub
	t.aged(&dir)
	return dir, nil
}

// aged gives a directory the times of one whose names have changed.
func (t *Tx) aged(dir *tree.Entry) { dir.Mtime, dir.Ctime = t.now, t.now }

// get returns the entry called name in dir; absent is set when there is none.
func (t *Tx) get(op string, dir *tree.Entry, name string) (entry tree.Entry, absent bool, err error) {
	entry, ok, err := dir.Sub.Get(t.ctx, name)
	return entry, !ok, wrap(op, err, "", name)
}

// cutPath returns the first component of path and the rest.
func cutPath(path string) (name, rest string) {
	for i := range len(path) {
		if path[i] == '/' {
			return path[:i], path[i+1:]
		}
	}
	return path, ""
}

// checkEntryPath checks a path that must not be the root's.
func checkEntryPath(op, path string) error {
	if path == "" {
		return fail(op, KindInvalid, path)
	}
	return checkNames(path)
}
