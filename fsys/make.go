package fsys

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// Mkdir makes a directory.
func (m *mount) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return m.make(&in.InHeader, name, pfs.Entry{Kind: pfs.EntryDir, Mode: in.Mode, Explicit: true}, out)
}

// Symlink makes a symlink.
func (m *mount) Symlink(_ <-chan struct{}, h *fuse.InHeader, target, name string, out *fuse.EntryOut) fuse.Status {
	return m.make(h, name, pfs.Entry{Kind: pfs.EntrySymlink, Mode: 0o777, Target: target}, out)
}

// Mknod makes a fifo, a socket, a device, or a regular file that is not opened.
func (m *mount) Mknod(_ <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	e := pfs.Entry{Mode: in.Mode, Device: uint64(in.Rdev)}
	switch in.Mode & syscall.S_IFMT {
	case syscall.S_IFIFO:
		e.Kind, e.Device = pfs.EntryFifo, 0
	case syscall.S_IFSOCK:
		e.Kind, e.Device = pfs.EntrySocket, 0
	case syscall.S_IFCHR:
		e.Kind = pfs.EntryCharDevice
	case syscall.S_IFBLK:
		e.Kind = pfs.EntryBlockDevice
	case 0, syscall.S_IFREG:
		e.Kind, e.Device = pfs.EntryFile, 0
		if m.empty != nil {
			e.Content = m.empty.Content
		}
	default:
		m.ops.count(in.Opcode)
		return fuse.EINVAL
	}
	return m.make(&in.InHeader, name, e, out)
}

// make adds an entry that everybody sees at once.
func (m *mount) make(h *fuse.InHeader, name string, e pfs.Entry, out *fuse.EntryOut) fuse.Status {
	dir := m.node(h)
	if dir == nil {
		return fuse.ENOENT
	}
	if m.readOnly() {
		return fuse.EROFS
	}
	if st := checkNewName(name); st != fuse.OK {
		return st
	}
	m.paths.RLock()
	defer m.paths.RUnlock()
	if st := m.checkPath(dir, name); st != fuse.OK {
		return st
	}
	path, ok := m.table.childPath(dir, name)
	parent, _ := m.table.path(dir)
	if !ok {
		return fuse.ENOENT
	}
	asked := m.begin()
	e.Mode, e.UID, e.GID = e.Mode&modeAllBits, h.Uid, h.Gid
	err := m.changeNew(users{h.Uid}, path, func(tx *pfs.Tx) (err error) {
		e, err = makeAt(tx, parent, path, e)
		return err
	})
	if err != nil {
		return m.fail("make", err)
	}
	m.lostFor(dir, name)
	n, err := m.resolve(dir, name)
	switch {
	case err != nil:
		return m.fail("make", err)
	case n == nil:
		return fuse.ENOENT // Another door was quick to remove it.
	}
	m.reply(n, asked, out)
	return fuse.OK
}

// makeAt adds e with the time of the transaction, and the group and bit of a setgid directory.
func makeAt(tx *pfs.Tx, parent, path string, e pfs.Entry) (pfs.Entry, error) {
	dir, err := tx.Stat(parent)
	if err != nil {
		return e, err
	}
	if dir.Mode&modeSetGID != 0 {
		e.GID = dir.GID
		if e.IsDir() {
			e.Mode |= modeSetGID
		}
	}
	e.Mtime, e.Ctime, e.Btime = tx.Now(), tx.Now(), tx.Now()
	return e, tx.Create(path, e)
}
