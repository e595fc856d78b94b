package pfs

import (
	"pfsd/pfs/internal/tree"
)

// These changes are those of an object store: directories come and go with the files in them.

// implicitDir makes a directory that nobody asked for.
func (t *Tx) implicitDir(parent *tree.Entry, name string) tree.Entry {
	return tree.Entry{
		Entry: Entry{
			Name: name, Kind: EntryDir, Mode: 0o755, UID: parent.UID, GID: parent.GID,
			Mtime: t.now, Ctime: t.now, Btime: t.now, Changed: t.change,
		},
		Sub: t.group.store.trees.Empty(),
	}
}

// PutFile links c as the file at path. Missing directories above are made, implicitly. A file that is there keeps its
// mode, owner and birth time and loses the rest; other names that it has do not change. Anything else that is no directory is
// replaced. A new file gets mode 0644
// and the owner of its directory. The modification time is mtime, or that of the change when it is 0. The error is of
// KindIsDir, or KindNotDir when something above is no directory, or KindInvalid or KindNameTooLong.
func (t *Tx) PutFile(path string, c Content, meta *Meta, mtime int64) error {
	const op = "pfs.PutFile"
	if err := checkNewPath(op, path); err != nil {
		return err
	}
	parent, name := splitPath(path)
	err := t.in(op, parent, at{missing: t.implicitDir}, func(dir *tree.Entry) error {
		old, absent, err := t.get(op, dir, name)
		if err != nil {
			return err
		}
		if old.IsDir() {
			return fail(op, KindIsDir, path)
		}
		had, err := t.view.resolve(t.ctx, old)
		if err != nil {
			return err
		}
		file := Entry{
			Name: name, Kind: EntryFile, Mode: 0o644, UID: dir.UID, GID: dir.GID, Content: c, Meta: meta,
			Mtime: mtime, Ctime: t.now, Btime: t.now, Changed: t.change,
		}
		if file.Birth, err = t.newBirth(); err != nil {
			return wrap(op, err, "", path)
		}
		if mtime == 0 {
			file.Mtime = t.now
		}
		if had.Kind == EntryFile {
			file.Mode, file.UID, file.GID, file.Btime = had.Mode, had.UID, had.GID, had.Btime
		}
		if absent {
			t.aged(dir)
		}
		if *dir, err = t.with(op, *dir, tree.Entry{Entry: file}); err != nil {
			return err
		}
		return t.release(op, old)
	})
	if err == nil {
		t.touch(path, false)
	}
	return err
}

// Remove removes the entry at path, which must not be a directory, and any implicit directory above that is left empty.
// The error is of KindFileNotFound or KindIsDir.
func (t *Tx) Remove(path string) error {
	const op = "pfs.Remove"
	if err := checkEntryPath(op, path); err != nil {
		return err
	}
	if err := t.expectFile(op, path); err != nil {
		return err
	}
	parent, name := splitPath(path)
	err := t.in(op, parent, at{prune: true}, func(dir *tree.Entry) error {
		old, _, err := t.get(op, dir, name)
		if err != nil {
			return err
		}
		if *dir, err = t.without(op, *dir, name); err != nil {
			return err
		}
		return t.release(op, old)
	})
	if err == nil {
		t.touch(path, false)
	}
	return err
}

// expectFile returns nil when there is something at path that is no directory.
func (t *Tx) expectFile(op, path string) error {
	entry, _, err := t.view.find(t.ctx, path)
	if err == nil && entry.IsDir() {
		err = fail(op, KindIsDir, path)
	}
	return err
}

// MakeDir makes path an explicit directory with this metadata, whether it was one or not, and missing ones above it
// implicit directories. The error is of KindNotDir when something else is there or above.
func (t *Tx) MakeDir(path string, meta *Meta) error {
	const op = "pfs.MakeDir"
	if err := checkNewPath(op, path); err != nil {
		return err
	}
	err := t.in(op, path, at{missing: t.implicitDir}, func(dir *tree.Entry) error {
		dir.Explicit, dir.Meta = true, meta
		dir.Ctime, dir.Changed = t.now, t.change
		return nil
	})
	if err == nil {
		t.touch(path, false)
	}
	return err
}

// UnmakeDir makes the directory at path implicit, and removes it, with implicit ones above it, if it is empty. The error is
// of KindFileNotFound or KindNotDir.
func (t *Tx) UnmakeDir(path string) error {
	const op = "pfs.UnmakeDir"
	if err := checkEntryPath(op, path); err != nil {
		return err
	}
	entry, _, err := t.view.find(t.ctx, path)
	if err != nil || entry.IsDir() && !entry.Explicit {
		return err
	}
	err = t.in(op, path, at{prune: true}, func(dir *tree.Entry) error {
		dir.Explicit, dir.Meta = false, nil
		dir.Ctime, dir.Changed = t.now, t.change
		return nil
	})
	if err == nil {
		t.touch(path, false)
	}
	return err
}

// EndUpload ends an upload of the branch, in the same transaction. The error is of KindUploadNotFound.
func (t *Tx) EndUpload(id UploadID) error {
	rows, err := t.group.uploadRows(t.ctx, t.branch, id)
	if err != nil {
		return err
	}
	t.onSuccess = append(t.onSuccess, func() { t.group.dropRows(rows) })
	return nil
}
