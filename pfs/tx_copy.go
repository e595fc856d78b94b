package pfs

import "pfsd/pfs/internal/tree"

// Copy puts the entry that a version has at from, with all that is below it, at path, in the place of whatever is there.
// Missing directories above are made, implicitly. It takes the same time however much that is: the contents and the
// directories are shared. from may be the root of the version, path that of the branch; then the root keeps its attributes.
// The error is of KindFileNotFound when the version has no such entry, KindNotDir when something above path is no directory,
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
		return t.copyRoot(op, entry)
	}
	parent, name := splitPath(path)
	entry.Name, entry.Changed, entry.Ctime = name, t.change, t.now
	if entry.IsDir() {
		entry.Placed = t.change
	}
	err = t.in(op, parent, at{missing: t.implicitDir}, func(dir *tree.Entry) error {
		_, absent, err := t.get(op, dir, name)
		if err != nil {
			return err
		}
		if absent {
			t.aged(dir)
		}
		*dir, err = t.with(op, *dir, entry)
		return err
	})
	if err == nil {
		t.touch(path, true)
	}
	return err
}

// copyRoot makes the root show what another directory has.
func (t *Tx) copyRoot(op string, entry tree.Entry) error {
	if !entry.IsDir() {
		return fail(op, KindInvalid, "")
	}
	t.view.root.Sub, t.view.root.Placed = entry.Sub, t.change
	t.aged(&t.view.root)
	t.touch("", true)
	return nil
}
