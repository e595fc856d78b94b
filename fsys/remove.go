package fsys

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// Unlink removes a name of anything but a directory. Handles of it go on.
func (m *mount) Unlink(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	dir := m.node(h)
	if dir == nil {
		return fuse.ENOENT
	}
	if m.readOnly() {
		return fuse.EROFS
	}
	m.paths.RLock()
	defer m.paths.RUnlock()
	path, ok := m.table.childPath(dir, name)
	if !ok {
		return fuse.ENOENT
	}
	if err := m.unlink(users{h.Uid}, m.table.child(dir, name), dir, name, path); err != nil {
		return m.fail("unlink", err)
	}
	m.lostFor(dir, name)
	return fuse.OK
}

// unlink removes path, the given name in dir, of which n, if not nil, is the inode.
func (m *mount) unlink(who users, n, dir *inode, name, path string) error {
	if n == nil {
		return m.change(who, func(tx *pfs.Tx) error { return tx.Unlink(path) })
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshAtLocked(n, dir, name); err != nil {
		return err
	}
	if !n.link.IsZero() {
		return m.unlinkShared(who, n, dir, name, path)
	}
	private := !n.linked.Load()
	parent, _ := m.table.path(dir)
	err := m.change(who, func(tx *pfs.Tx) error {
		err := tx.Unlink(path)
		if private && isAbsent(err) {
			return tx.NameGone(parent)
		}
		return err
	})
	if err != nil && (!private || !isAbsent(err)) {
		return err
	}
	n.attr.ctime = m.now()
	m.loseLocked(n)
	return nil
}

// unlinkShared removes path, which may be a name of the file that n is. The caller holds n.mu.
func (m *mount) unlinkShared(who users, n, dir *inode, name, path string) error {
	if err := m.change(who, func(tx *pfs.Tx) error { return tx.Unlink(path) }); err != nil {
		return err
	}
	m.table.leave(n, dir, name)
	return m.refreshLocked(n)
}

// Rmdir removes an empty directory.
func (m *mount) Rmdir(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	dir := m.node(h)
	if dir == nil {
		return fuse.ENOENT
	}
	if m.readOnly() {
		return fuse.EROFS
	}
	m.paths.RLock()
	defer m.paths.RUnlock()
	path, ok := m.table.childPath(dir, name)
	if !ok {
		return fuse.ENOENT
	}
	n := m.table.child(dir, name)
	if n != nil {
		n.mu.Lock()
		defer n.mu.Unlock()
	}
	defer m.cfg.Names.hold(promise{m.ref(), path})()
	if m.hasNewFiles(n, path) {
		return fuse.Status(syscall.ENOTEMPTY)
	}
	if err := m.change(users{h.Uid}, func(tx *pfs.Tx) error { return tx.Rmdir(path) }); err != nil {
		return m.fail("rmdir", err)
	}
	if n != nil {
		n.attr.ctime = m.now()
		m.loseLocked(n)
	}
	return fuse.OK
}
