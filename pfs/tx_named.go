package pfs

import "pfsd/pfs/internal/tree"

// CreateNamed is Create for a name that whoever makes it has shown since a time, in nanoseconds since 1970. The directory gets
// that time rather than the transaction's, and keeps its own when it was changed later.
func (t *Tx) CreateNamed(path string, e Entry, since int64) error {
	parent, _ := splitPath(path)
	had, err := t.view.stat(t.ctx, parent)
	if err != nil {
		return err
	}
	if err := t.Create(path, e); err != nil {
		return err
	}
	return t.in("pfs.CreateNamed", parent, at{}, func(dir *tree.Entry) error {
		dir.Mtime, dir.Ctime = had.Mtime, had.Ctime
		if since >= had.Ctime {
			dir.Mtime, dir.Ctime = since, since
		}
		return nil
	})
}

// NameGone gives the directory at path the times of one in which a name has gone that only its maker has shown. The error is of
// KindFileNotFound or KindNotDir.
func (t *Tx) NameGone(path string) error {
	err := t.in("pfs.NameGone", path, at{}, func(dir *tree.Entry) error {
		t.usedBy(dir)
		return nil
	})
	if err == nil {
		t.touch(path, false)
	}
	return err
}
