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
	if err := m.unlink(m.table.child(dir, name), path); err != nil {
		return m.fail("unlink", err)
	}
	m.lostFor(dir, name)
	return fuse.OK
}

// unlink removes path, of which n, if not nil, is the inode.
func (m *mount) unlink(n *inode, path string) error {
	private := false
	if n != nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		private = !n.linked.Load()
	}
	err := m.change(func(tx *pfs.Tx) error { return tx.Unlink(path) })
	if err != nil && (!private || !isAbsent(err)) {
		return err
	}
	if n != nil {
		n.parent.named.Store(m.now())
		n.attr.ctime = m.now()
		m.loseLocked(n)
	}
	return nil
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
	if m.hasNewFiles(n, path) {
		return fuse.Status(syscall.ENOTEMPTY)
	}
	if err := m.change(func(tx *pfs.Tx) error { return tx.Rmdir(path) }); err != nil {
		return m.fail("rmdir", err)
	}
	if n != nil {
		n.attr.ctime = m.now()
		m.loseLocked(n)
	}
	return fuse.OK
}
