package fsys

import (
	"syscall"
	"unicode/utf8"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// File types that package fuse has no name for.
const (
	modeSocket      = syscall.S_IFSOCK
	modeCharDevice  = syscall.S_IFCHR
	modeBlockDevice = syscall.S_IFBLK
)

// checkNewName returns what is wrong with a name that is to be made.
func checkNewName(name string) fuse.Status {
	switch {
	case len(name) > pfs.MaxName:
		return fuse.Status(syscall.ENAMETOOLONG)
	case !utf8.ValidString(name):
		return fuse.Status(syscall.EILSEQ)
	}
	return fuse.OK
}

// checkPath returns what is wrong with a name, which is right in itself, in the place where it stands.
func (m *mount) checkPath(dir *inode, name string) fuse.Status {
	path, ok := m.table.childPath(dir, name)
	if !ok {
		return fuse.ENOENT
	}
	return status(pfs.CheckPath(path))
}

// node counts a request and returns the inode that it is about; nil is one that the kernel cannot know of.
func (m *mount) node(h *fuse.InHeader) *inode {
	m.ops.count(h.Opcode)
	return m.table.get(h.NodeId)
}

// Lookup answers what is at a name, or that nothing is.
func (m *mount) Lookup(_ <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	dir := m.node(h)
	if dir == nil {
		return fuse.ENOENT
	}
	if len(name) > pfs.MaxName {
		return fuse.Status(syscall.ENAMETOOLONG)
	}
	m.paths.RLock()
	defer m.paths.RUnlock()
	if pfs.CheckName(name) != nil {
		return fuse.ENOENT
	}
	asked := m.begin()
	n, err := m.resolve(dir, name)
	switch {
	case err != nil:
		return m.fail("lookup", err)
	case n != nil:
		m.reply(n, asked, out)
		return fuse.OK
	}
	if !m.table.miss(dir, name) {
		return fuse.ENOENT
	}
	out.NodeId = 0 // An entry without an inode is remembered as not being there.
	out.SetEntryTimeout(m.timeout(asked))
	return fuse.OK
}

// Forget lets go of an inode.
func (m *mount) Forget(id, lookups uint64) {
	m.table.forget(id, lookups)
}

// GetAttr answers stat(2).
func (m *mount) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	n := m.node(&in.InHeader)
	if n == nil {
		return fuse.ENOENT
	}
	asked := m.begin()
	m.paths.RLock()
	defer m.paths.RUnlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshLocked(n); err != nil {
		return m.fail("getattr", err)
	}
	m.attrLocked(n, &out.Attr)
	out.SetTimeout(m.timeout(asked))
	return fuse.OK
}

// Readlink answers the target of a symlink.
func (m *mount) Readlink(_ <-chan struct{}, h *fuse.InHeader) ([]byte, fuse.Status) {
	n := m.node(h)
	if n == nil {
		return nil, fuse.ENOENT
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.kind != pfs.EntrySymlink {
		return nil, fuse.EINVAL
	}
	return []byte(n.target), fuse.OK
}

// Access is not asked of a mount with default_permissions, where the kernel looks at modes by itself.
func (m *mount) Access(_ <-chan struct{}, in *fuse.AccessIn) fuse.Status {
	m.ops.count(in.Opcode)
	return fuse.OK
}

// fail returns the status of an error, and logs those that a user can do nothing about.
func (m *mount) fail(op string, err error) fuse.Status {
	st := status(err)
	if st == fuse.EIO {
		m.log.Error("request failed", "op", op, "error", err)
		m.noteError(err)
	}
	return st
}
