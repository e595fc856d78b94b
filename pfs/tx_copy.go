package pfs

import "pfsd/pfs/internal/tree"

// Copy puts the entry that a version has at from, with all that is below it, at path, in the place of whatever is there.
// Missing directories above are made, implicitly. Where nothing is there it takes the same time however much that is: the
// contents and the directories are shared. Over a directory it takes time by what differs, since what is there already, and
// is the same but for its times, stays as it is, and is not changed by this change; nothing is when nothing differs. Files
// with several names are always gone through: the copy of one is a file of its own, which has those names that were copied
// together. from may be the root of the version, path that of the branch; then the root keeps its attributes. The error is
// of KindFileNotFound when the version has no such entry, KindNotDir when something above path is no directory, or
// KindInvalid when the root is to be a file.
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
	if err := t.linkAll(version, from, entry); err != nil {
		return err
	}
	if path == "" {
		return t.copyRoot(op, version.view, from, entry)
	}
	parent, name := splitPath(path)
	same := false
	err = t.in(op, parent, at{missing: t.implicitDir}, func(dir *tree.Entry) error {
		old, absent, err := t.get(op, dir, name)
		if err != nil {
			return err
		}
		before := t.view
		entry, err := t.fresh(op, version.view, entry)
		if err != nil {
			return err
		}
		if entry.Birth, err = t.newBirth(); err != nil {
			return wrap(op, err, "", path)
		}
		entry.Name, entry.Changed, entry.Ctime = name, t.change, t.now
		if entry.IsDir() {
			entry.Placed = t.change
		}
		if absent {
			t.aged(dir)
		} else if entry, same, err = t.over(op, path, before, old, entry); same || err != nil {
			return err
		}
		*dir, err = t.with(op, *dir, entry)
		return err
	})
	if err == nil && !same {
		t.touch(path, true)
	}
	return err
}

// over returns what is to be at path, where the branch had old before, when an entry of this transaction comes over it: that
// is the entry but for what is the same in both, which is left as it was. same is set when all is.
func (t *Tx) over(op, path string, before view, old, entry tree.Entry) (result tree.Entry, same bool, err error) {
	c := t.onto(before)
	combined, err := c.entry(path, &old, &old, &entry)
	t.needs |= c.needs
	if err != nil {
		return old, false, wrap(op, err, "", path)
	}
	if combined == nil {
		combined = &entry // It is empty, as in the version.
	}
	for id, n := range c.names {
		if n > 0 {
			continue // It is one that fresh made, with all its names: they are nowhere in what was there before.
		}
		if err := t.addNames(op, id, n); err != nil {
			return old, false, err
		}
	}
	return *combined, len(c.changed) == 0, nil
}

// onto returns a combiner that brings into before what the transaction has made of it. Nothing can be in conflict.
func (t *Tx) onto(before view) *combiner {
	c := newCombiner(t.ctx, t.group.store, ResolveTheirs, t.change, before, before, t.view)
	c.times = true
	return c
}

// copyRoot makes the root show what a directory of a version has.
func (t *Tx) copyRoot(op string, version view, from string, entry tree.Entry) (err error) {
	if !entry.IsDir() {
		return fail(op, KindInvalid, "")
	}
	before := t.view
	defer func() {
		if err != nil {
			t.view = before
		}
	}()
	t.view.linked = version.linked
	if from != "" {
		t.view.linked = t.group.store.trees.Empty()
		if entry, err = t.fresh(op, version, entry); err != nil {
			return err
		}
	}
	t.view.root.Sub, t.view.root.Placed = entry.Sub, t.change
	c := t.onto(before)
	result, err := c.run()
	t.needs |= c.needs
	if err != nil {
		return wrap(op, err, "", "")
	}
	t.view.root, t.view.linked = result.root, result.linked
	if len(c.changed) > 0 {
		t.aged(&t.view.root)
		t.touch("", true)
	}
	return nil
}
