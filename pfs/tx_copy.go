package pfs

import "pfsd/pfs/internal/tree"

// Copy puts the entry that a version has at from, with all that is below it, at path, in the place of whatever is there.
// Missing directories above are made, implicitly. It takes the same time however much that is: the contents and the
// directories are shared. Only files with several names are gone through: the copy of one is a file of its own, which has
// those names that were copied together. from may be the root of the version, path that of the branch; then the root keeps
// its attributes. The error is of KindFileNotFound when the version has no such entry, KindNotDir when something above path is no directory,
// or KindInvalid when the root is to be a file.
func (t *Tx) Copy(path string, version *Snapshot, from string) error {
	const op = "pfs.Copy"
	if err := CheckPath(path); err != nil {
		return err
	}
	if path != "" {
		if err := checkNewPath(op, path); err != nil {
			return err
		}
	}
	entry, _, err := version.view.find(t.ctx, from)
	if err != nil {
		return err
	}
	if path == "" {
		return t.copyRoot(op, version.view, from, entry)
	}
	parent, name := splitPath(path)
	err = t.in(op, parent, at{missing: t.implicitDir}, func(dir *tree.Entry) error {
		old, absent, err := t.get(op, dir, name)
		if err != nil {
			return err
		}
		if absent {
			t.aged(dir)
		}
		entry, err := t.fresh(op, version.view, entry)
		if err != nil {
			return err
		}
		entry.Name, entry.Changed, entry.Ctime = name, t.change, t.now
		if entry.IsDir() {
			entry.Placed = t.change
		}
		if *dir, err = t.with(op, *dir, entry); err != nil {
			return err
		}
		return t.release(op, old)
	})
	if err == nil {
		t.touch(path, true)
	}
	return err
}

// copyRoot makes the root show what a directory of a version has.
func (t *Tx) copyRoot(op string, version view, from string, entry tree.Entry) (err error) {
	if !entry.IsDir() {
		return fail(op, KindInvalid, "")
	}
	before := t.view.linked
	t.view.linked = version.linked
	if from != "" {
		t.view.linked = t.group.store.trees.Empty()
		if entry, err = t.fresh(op, version, entry); err != nil {
			t.view.linked = before
			return err
		}
	}
	t.view.root.Sub, t.view.root.Placed = entry.Sub, t.change
	t.aged(&t.view.root)
	t.touch("", true)
	return nil
}
