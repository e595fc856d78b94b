package pfs

import (
	"strings"

	"pfsd/pfs/internal/tree"
)

// RenameMode says what a Rename does when there is something at the target.
type RenameMode uint8

// The modes of Rename.
const (
	// RenameReplace replaces it, if it is of the same sort and, being a directory, empty.
	RenameReplace RenameMode = iota
	// RenameNoReplace fails with KindExists.
	RenameNoReplace
	// RenameExchange swaps the two; both must be there.
	RenameExchange
)

// Rename moves the entry at from to to, with all that is below it, in time that does not depend on how much that is. As
// rename(2), it does nothing when both are the same path, or names of one file. The error is of KindFileNotFound or
// KindNotDir when from or a parent is not there, KindInvalid when to is below from (or, exchanging, from below to), KindExists, or KindIsDir,
// KindNotDir or KindNotEmpty when what is at to cannot be replaced.
func (t *Tx) Rename(from, to string, mode RenameMode) error {
	const op = "pfs.Rename"
	for _, path := range []string{from, to} {
		if err := checkEntryPath(op, path); err != nil {
			return err
		}
	}
	if err := checkNewPath(op, to); err != nil {
		return err
	}
	source, up, err := t.view.find(t.ctx, from)
	if err != nil {
		return err
	}
	source.Number = up.number(&source.Entry)
	target, err := t.target(op, to)
	switch {
	case err != nil:
		return err
	case mode == RenameNoReplace && target != nil:
		return fail(op, KindExists, to)
	case mode == RenameExchange && target == nil:
		return fail(op, KindFileNotFound, to)
	case mode != RenameNoReplace && target != nil && sameFile(source, *target):
		return nil
	case strings.HasPrefix(to, from+"/"), mode == RenameExchange && strings.HasPrefix(from, to+"/"):
		return fail(op, KindInvalid, to)
	case from == to:
		return nil
	case mode == RenameExchange:
		return t.exchange(op, from, to, source, *target)
	}
	if err := replaceable(op, to, source, target); err != nil {
		return err
	}
	return t.move(op, from, to, source, target)
}

// target returns what is at path, with its number, nil when there is nothing but could be.
func (t *Tx) target(op, path string) (*tree.Entry, error) {
	parent, name := splitPath(path)
	dir, up, err := t.view.find(t.ctx, parent)
	if err != nil {
		return nil, err
	}
	if !dir.IsDir() {
		return nil, fail(op, KindNotDir, parent)
	}
	entry, absent, err := t.get(op, &dir, name)
	if err != nil || absent {
		return nil, err
	}
	entry.Number = up.into(&dir.Entry).number(&entry.Entry)
	return &entry, nil
}

func replaceable(op, to string, source tree.Entry, target *tree.Entry) error {
	switch {
	case target == nil:
		return nil
	case target.IsDir() && !source.IsDir():
		return fail(op, KindIsDir, to)
	case !target.IsDir() && source.IsDir():
		return fail(op, KindNotDir, to)
	case target.IsDir() && !target.Sub.IsEmpty():
		return fail(op, KindNotEmpty, to)
	}
	return nil
}

// move takes source away from one path and puts it at another, where target may be.
func (t *Tx) move(op, from, to string, source tree.Entry, target *tree.Entry) error {
	before, files := t.view, len(t.files)
	err := t.take(op, from)
	if err == nil {
		err = t.place(op, to, source)
	}
	if err == nil && target != nil {
		err = t.release(op, *target)
	}
	if err != nil {
		t.view, t.files = before, t.files[:files]
		return err
	}
	t.touch(from, source.IsDir())
	t.touch(to, source.IsDir())
	return nil
}

func (t *Tx) exchange(op, from, to string, source, target tree.Entry) error {
	before, files := t.view, len(t.files)
	err := t.place(op, to, source)
	if err == nil {
		err = t.place(op, from, target)
	}
	if err != nil {
		t.view, t.files = before, t.files[:files]
		return err
	}
	wide := source.IsDir() || target.IsDir()
	t.touch(from, wide)
	t.touch(to, wide)
	return nil
}

// take removes whatever is at path.
func (t *Tx) take(op, path string) error {
	parent, name := splitPath(path)
	return t.in(op, parent, at{}, func(dir *tree.Entry) (err error) {
		*dir, err = t.without(op, *dir, name)
		t.usedBy(dir)
		return err
	})
}

// place puts an entry that was elsewhere at path, in the place of what is there. It keeps its number, as does all below it.
func (t *Tx) place(op, path string, entry tree.Entry) error {
	parent, name := splitPath(path)
	entry.Name, entry.Changed = name, t.change
	if entry.Kind != EntryLink {
		up, err := t.above(path)
		if err != nil {
			return err
		}
		t.keep(&entry.Entry, entry.Number, up)
		entry.Ctime = t.now
	} else if err := t.addNames(op, entry.Link, 0); err != nil {
		return err
	}
	if entry.IsDir() {
		entry.Placed = t.change
	}
	return t.in(op, parent, at{}, func(dir *tree.Entry) (err error) {
		*dir, err = t.with(op, *dir, entry)
		t.usedBy(dir)
		return err
	})
}
