package pfs

import (
	"pfsd/pfs/internal/tree"
)

// These changes are those of a file system: a parent must be there, and is marked as made by somebody.

// inParent lets fn change the directory that path is in, which becomes explicit and gets new times.
func (t *Tx) inParent(op, path string, fn func(dir *tree.Entry, name string) error) error {
	if err := checkEntryPath(op, path); err != nil {
		return err
	}
	parent, name := splitPath(path)
	err := t.in(op, parent, at{}, func(dir *tree.Entry) error {
		if err := fn(dir, name); err != nil {
			return err
		}
		t.usedBy(dir)
		return nil
	})
	if err == nil {
		t.touch(path, false)
	}
	return err
}

// usedBy marks a directory in which a file system changed a name.
func (t *Tx) usedBy(dir *tree.Entry) {
	t.aged(dir)
	if !dir.Explicit {
		dir.Explicit, dir.Changed = true, t.change
	}
}

// Create adds e at path; its Name is taken from there and its Changed from the transaction, and a directory begins empty. Its
// Number, if it is not 0, is to be one of NewNumber that was not used in the version; else it gets such a one.
// The error is of KindExists when the name is taken, KindFileNotFound or KindNotDir when the parent is not there or is no
// directory, KindNoSpace, or KindInvalid.
func (t *Tx) Create(path string, e Entry) error {
	const op = "pfs.Create"
	if err := checkNewPath(op, path); err != nil {
		return err
	}
	if err := t.room(op, path); err != nil {
		return err
	}
	return t.inParent(op, path, func(dir *tree.Entry, name string) error {
		_, absent, err := t.get(op, dir, name)
		if err != nil {
			return err
		}
		if !absent {
			return fail(op, KindExists, path)
		}
		if e.Birth, err = t.birthOf(path, e.Number); err != nil {
			return wrap(op, err, "", path)
		}
		e.Name, e.Changed, e.Placed = name, t.change, Change{}
		e.Root, e.Totals, e.Link, e.NLink = Hash{}, Totals{}, LinkID{}, 0
		entry := tree.Entry{Entry: e}
		if e.IsDir() {
			entry.Sub = t.group.store.trees.Empty()
		}
		if err := e.Valid(); err != nil {
			return &Error{Op: op, Kind: KindInvalid, Path: path, Err: err}
		}
		*dir, err = t.with(op, *dir, entry)
		return err
	})
}

// Edit lets fn change a copy of the entry at path, the empty path being the root, and puts it in the entry's place. fn must
// not change Name and Kind, nor a map that the entry holds; what it does to Changed, Placed, Root, Totals, Link, NLink, Birth
// and Number is ignored. A file is changed under all its names. Its error comes back unchanged. The error is of KindFileNotFound when there
// is no entry, KindInvalid when fn made it an impossible one.
func (t *Tx) Edit(path string, fn func(*Entry) error) error {
	const op = "pfs.Edit"
	if err := checkNames(path); err != nil {
		return err
	}
	if path == "" {
		root, err := t.edited(op, path, t.view.root, fn)
		if err == nil {
			t.view.root = root
			t.touch(path, false)
		}
		return err
	}
	parent, name := splitPath(path)
	err := t.in(op, parent, at{}, func(dir *tree.Entry) error {
		entry, absent, err := t.get(op, dir, name)
		if err != nil {
			return err
		}
		if absent {
			return fail(op, KindFileNotFound, path)
		}
		if entry.Kind == EntryLink {
			return t.editLinked(op, path, entry, fn)
		}
		if entry, err = t.edited(op, path, entry, fn); err != nil {
			return err
		}
		*dir, err = t.with(op, *dir, entry)
		return err
	})
	if err == nil {
		t.touch(path, false)
	}
	return err
}

func (t *Tx) edited(op, path string, old tree.Entry, fn func(*Entry) error) (tree.Entry, error) {
	next := old.Entry
	if err := fn(&next); err != nil {
		return old, err
	}
	if next.Name != old.Name || next.Kind != old.Kind {
		return old, fail(op, KindInvalid, path)
	}
	next.Root, next.Totals, next.Placed, next.Changed = old.Root, old.Totals, old.Placed, t.change
	next.Link, next.NLink, next.Birth = old.Link, old.NLink, old.Birth
	if err := validEntry(path, &next); err != nil {
		return old, &Error{Op: op, Kind: KindInvalid, Path: path, Err: err}
	}
	return tree.Entry{Entry: next, Sub: old.Sub}, nil
}

// validEntry checks an entry that the root, which has no name, may be.
func validEntry(path string, e *Entry) error {
	if path != "" {
		return e.Valid()
	}
	named := *e
	named.Name = "root"
	return named.Valid()
}

// Unlink removes the entry at path, which must not be a directory. The error is of KindFileNotFound, KindNotDir (above) or
// KindIsDir.
func (t *Tx) Unlink(path string) error {
	const op = "pfs.Unlink"
	return t.inParent(op, path, func(dir *tree.Entry, name string) error {
		entry, absent, err := t.get(op, dir, name)
		switch {
		case err != nil:
			return err
		case absent:
			return fail(op, KindFileNotFound, path)
		case entry.IsDir():
			return fail(op, KindIsDir, path)
		}
		if *dir, err = t.without(op, *dir, name); err != nil {
			return err
		}
		return t.release(op, entry)
	})
}

// Rmdir removes the directory at path, which must be empty. The error is of KindFileNotFound, KindNotDir or KindNotEmpty.
func (t *Tx) Rmdir(path string) error {
	const op = "pfs.Rmdir"
	return t.inParent(op, path, func(dir *tree.Entry, name string) error {
		entry, absent, err := t.get(op, dir, name)
		switch {
		case err != nil:
			return err
		case absent:
			return fail(op, KindFileNotFound, path)
		case !entry.IsDir():
			return fail(op, KindNotDir, path)
		case !entry.Sub.IsEmpty():
			return fail(op, KindNotEmpty, path)
		}
		*dir, err = t.without(op, *dir, name)
		return err
	})
}

// RemoveAll removes the entry at path with all that is below it, in time that does not depend on how much that is, but
// for the names of files that have several. The parent directory stays. The error is of KindFileNotFound, or KindNotDir above.
func (t *Tx) RemoveAll(path string) error {
	const op = "pfs.RemoveAll"
	return t.inParent(op, path, func(dir *tree.Entry, name string) error {
		entry, absent, err := t.get(op, dir, name)
		if err != nil {
			return err
		}
		if absent {
			return fail(op, KindFileNotFound, path)
		}
		t.wide = t.wide || entry.IsDir()
		if *dir, err = t.without(op, *dir, name); err != nil {
			return err
		}
		return t.release(op, entry)
	})
}

// entryRows is about how many bytes of rows a new entry makes.
const entryRows = 1 << 10

// room fails when the disk has no room for one entry more: a change may wait in memory for its commit, and who makes it is
// to learn at once that there will be none.
func (t *Tx) room(op, path string) error {
	return wrap(op, t.group.store.contents.Room(entryRows), "", path)
}
