package fsys

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// file counts a request and returns the inode and the data of an open file.
func (m *mount) file(h *fuse.InHeader) (*inode, *fileData) {
	n := m.node(h)
	if n == nil {
		return nil, nil
	}
	return n, n.data.Load()
}

// Read reads an open file.
func (m *mount) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	n, d := m.file(&in.InHeader)
	if d == nil {
		return nil, fuse.EBADF
	}
	got, err := d.readAt(buf[:min(int(in.Size), len(buf))], int64(in.Offset))
	if err != nil {
		return nil, m.fail("read", err)
	}
	m.accessed(n)
	return fuse.ReadResultData(buf[:got]), fuse.OK
}

// accessed notes that n was read, as the mount option relatime has it: not oftener than once a day, unless it was changed
// since.
func (m *mount) accessed(n *inode) {
	const day = 24 * 60 * 60 * 1e9
	if m.cfg.NoAtime || !n.mu.TryLock() {
		return // Somebody is busy with its attributes; a time of access is not worth waiting for.
	}
	defer n.mu.Unlock()
	now := m.now()
	if at := n.attr.atime; at <= n.attr.mtime || at <= n.attr.ctime || at < now-day {
		n.attr.atime = now
	}
}

// Write writes to an open file. Other handles see it at once, other doors when it is linked.
func (m *mount) Write(_ <-chan struct{}, in *fuse.WriteIn, p []byte) (uint32, fuse.Status) {
	n, d := m.file(&in.InHeader)
	if d == nil {
		return 0, fuse.EBADF
	}
	if m.readOnly() {
		return 0, fuse.EROFS
	}
	if in.WriteFlags&fuse.WRITE_KILL_SUIDGID != 0 {
		n.mu.Lock()
		n.dropPrivilegesLocked(d, &in.Caller)
		n.mu.Unlock()
	}
	write := d.write
	if in.WriteFlags&fuse.WRITE_CACHE != 0 {
		write = d.writeBack
	}
	err := m.withRoom(n, d, func() error { return write(p, int64(in.Offset), m.stamp(&in.Caller)) })
	if err != nil {
		return 0, m.fail("write", err)
	}
	m.dirty.add(n)
	if err := m.relieve(n, d); err != nil {
		return 0, m.fail("write", err)
	}
	return uint32(len(p)), fuse.OK
}

// Flush is what close(2) reports: it links what was written. It comes once for every descriptor of a handle.
func (m *mount) Flush(_ <-chan struct{}, in *fuse.FlushIn) fuse.Status {
	n, d := m.file(&in.InHeader)
	if d == nil || m.readOnly() {
		return fuse.OK
	}
	return m.failed("close", m.link(n))
}

// Fsync links what was written and returns when it is on disk.
func (m *mount) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	n := m.node(&in.InHeader)
	if n == nil || m.readOnly() {
		return fuse.OK
	}
	if err := m.link(n); err != nil {
		return m.fail("fsync", err)
	}
	return m.sync()
}

// FsyncDir returns when the names in a directory are on disk as they are.
func (m *mount) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	m.ops.count(in.Opcode)
	if m.readOnly() {
		return fuse.OK
	}
	return m.sync()
}

// sync makes all that is linked durable. There is nothing to be done for a branch that is deleted.
func (m *mount) sync() fuse.Status {
	err := m.onBranch(func(ref pfs.Ref) error { return m.store.Sync(m.ctx, ref) })
	if isAbsent(err) {
		return fuse.OK
	}
	return m.failed("fsync", err)
}

// failed is fail, but for nil.
func (m *mount) failed(op string, err error) fuse.Status {
	if err == nil {
		return fuse.OK
	}
	return m.fail(op, err)
}

// GetLk is not asked, nor are the two below: the kernel keeps the locks of a mount on one host by itself.
func (m *mount) GetLk(_ <-chan struct{}, in *fuse.LkIn, _ *fuse.LkOut) fuse.Status {
	m.ops.count(in.Opcode)
	return fuse.Status(syscall.EOPNOTSUPP)
}

// SetLk is not asked.
func (m *mount) SetLk(_ <-chan struct{}, in *fuse.LkIn) fuse.Status {
	m.ops.count(in.Opcode)
	return fuse.Status(syscall.EOPNOTSUPP)
}

// SetLkw is not asked.
func (m *mount) SetLkw(_ <-chan struct{}, in *fuse.LkIn) fuse.Status {
	m.ops.count(in.Opcode)
	return fuse.Status(syscall.EOPNOTSUPP)
}
