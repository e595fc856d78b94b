package fsys

import (
	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// Link makes a further name for anything but a directory, or the first one for a file that was opened with O_TMPFILE.
func (m *mount) Link(_ <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	dir, n := m.node(&in.InHeader), m.table.get(in.Oldnodeid)
	switch {
	case dir == nil || n == nil:
		return fuse.ENOENT
	case m.readOnly():
		return fuse.EROFS
	case n.kind == pfs.EntryDir:
		return fuse.EPERM
	}
	if st := checkNewName(name); st != fuse.OK {
		return st
	}
	// What is private has no place in the store that could have another name.
	if err := m.link(n); err != nil {
		return m.fail("link", err)
	}
	n.folding.Lock()
	defer n.folding.Unlock()
	m.paths.RLock()
	defer m.paths.RUnlock()
	if st := m.checkPath(dir, name); st != fuse.OK {
		return st
	}
	asked := m.begin()
	if err := m.addName(users{in.Uid}, n, dir, name); err != nil {
		return m.fail("link", err)
	}
	m.lostFor(dir, name)
	m.reply(n, asked, out)
	return fuse.OK
}

// addName gives n a name with one lookup counted. The caller holds n.folding and m.paths.
func (m *mount) addName(who users, n, dir *inode, name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshLocked(n); err != nil {
		return err
	}
	path, ok := m.table.childPath(dir, name)
	if !ok {
		return &pfs.Error{Op: "fsys.link", Kind: pfs.KindFileNotFound, Path: name}
	}
	nameless := n.deleted && !n.linked.Load() && n.name == ""
	if nameless {
		return m.nameTmpfile(who, n, dir, name, path)
	}
	from, ok := m.table.path(n)
	if n.deleted || n.link.IsZero() && (!ok || !m.table.isAttached(n)) {
		return &pfs.Error{Op: "fsys.link", Kind: pfs.KindFileNotFound, Path: name}
	}
	var e pfs.Entry
	err := m.changeNew(who, path, func(tx *pfs.Tx) (err error) {
		if n.link.IsZero() {
			err = tx.Link(from, path)
		} else {
			err = tx.LinkTo(n.link, path)
		}
		if err == nil {
			e, err = tx.Stat(path)
		}
		return err
	})
	if err != nil {
		return err
	}
	m.adoptLocked(n, &e)
	if !m.table.join(n, dir, name) {
		return &pfs.Error{Op: "fsys.link", Kind: pfs.KindFileNotFound, Path: name} // Another door was quick to replace it.
	}
	return nil
}

// nameTmpfile gives a file that has never had a name its first one.
func (m *mount) nameTmpfile(who users, n, dir *inode, name, path string) error {
	content, version := n.content, uint64(0)
	d := n.data.Load()
	if d != nil {
		var err error
		if content, version, err = m.foldData(d, false); err != nil {
			return err
		}
	}
	e := n.entryLocked()
	if d != nil {
		e, _, who = n.written(d, content)
	}
	err := m.changeNew(who, path, func(tx *pfs.Tx) (err error) {
		if err = tx.Create(path, e); err == nil {
			e, err = tx.Stat(path)
		}
		return err
	})
	if err != nil {
		return err
	}
	if d != nil {
		d.settle(version, m.now())
		m.dirty.add(n) // Something may have been written meanwhile.
	}
	n.adoptLocked(&e)
	n.linked.Store(true)
	n.deleted = false
	m.table.name(n, dir, name)
	return nil
}
