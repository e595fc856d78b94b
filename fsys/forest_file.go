package fsys

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// These requests are about one inode.

// GetAttr answers stat(2).
func (f *forest) GetAttr(cancel <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	if t := f.tree(in.NodeId); t != nil {
		return t.GetAttr(cancel, in, out)
	}
	f.ops.count(in.Opcode)
	p := f.pages.get(in.NodeId)
	if p == nil {
		return fuse.ENOENT
	}
	f.pageAttr(p, &out.Attr)
	out.SetTimeout(fixedTimeout)
	return fuse.OK
}

// SetAttr does chmod, chown, utimens and truncate.
func (f *forest) SetAttr(cancel <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	t := f.tree(in.NodeId)
	if t == nil {
		return f.refuse(&in.InHeader)
	}
	return t.SetAttr(cancel, in, out)
}

// Readlink answers the target of a symlink.
func (f *forest) Readlink(cancel <-chan struct{}, h *fuse.InHeader) ([]byte, fuse.Status) {
	t := f.tree(h.NodeId)
	if t == nil {
		f.ops.count(h.Opcode)
		return nil, fuse.EINVAL
	}
	return t.Readlink(cancel, h)
}

// Access is not asked of a mount with default_permissions, where the kernel looks at modes by itself.
func (f *forest) Access(_ <-chan struct{}, in *fuse.AccessIn) fuse.Status {
	f.ops.count(in.Opcode)
	return fuse.OK
}

// GetXAttr answers the value of an extended attribute; pages have none.
func (f *forest) GetXAttr(cancel <-chan struct{}, h *fuse.InHeader, name string, dest []byte) (uint32, fuse.Status) {
	t := f.tree(h.NodeId)
	if t == nil {
		f.ops.count(h.Opcode)
		return 0, fuse.ENOATTR
	}
	return t.GetXAttr(cancel, h, name, dest)
}

// ListXAttr answers the names of the extended attributes.
func (f *forest) ListXAttr(cancel <-chan struct{}, h *fuse.InHeader, dest []byte) (uint32, fuse.Status) {
	t := f.tree(h.NodeId)
	if t == nil {
		f.ops.count(h.Opcode)
		return 0, fuse.OK
	}
	return t.ListXAttr(cancel, h, dest)
}

// SetXAttr sets an extended attribute.
func (f *forest) SetXAttr(cancel <-chan struct{}, in *fuse.SetXAttrIn, name string, value []byte) fuse.Status {
	t := f.tree(in.NodeId)
	if t == nil {
		return f.refuse(&in.InHeader)
	}
	return t.SetXAttr(cancel, in, name, value)
}

// RemoveXAttr removes an extended attribute.
func (f *forest) RemoveXAttr(cancel <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	t := f.tree(h.NodeId)
	if t == nil {
		return f.refuse(h)
	}
	return t.RemoveXAttr(cancel, h, name)
}

// Open opens a file. The texts of pages are as long as they turn out to be when they are read.
func (f *forest) Open(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if t := f.tree(in.NodeId); t != nil {
		return t.Open(cancel, in, out)
	}
	p := f.pages.get(in.NodeId)
	if p == nil || p.text == nil || canWrite(in.Flags) || in.Flags&syscall.O_TRUNC != 0 {
		return f.refuse(&in.InHeader)
	}
	f.ops.count(in.Opcode)
	out.Fh = f.pages.open(p)
	out.OpenFlags = fuse.FOPEN_DIRECT_IO | fuse.FOPEN_NOFLUSH
	return fuse.OK
}

// Read reads an open file.
func (f *forest) Read(cancel <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	if t := f.tree(in.NodeId); t != nil {
		return t.Read(cancel, in, buf)
	}
	f.ops.count(in.Opcode)
	h := f.pages.handle(in.Fh)
	if h == nil {
		return nil, fuse.EBADF
	}
	text, err := h.read(in.Offset)
	if err != nil {
		return nil, f.fail("read", err)
	}
	return fuse.ReadResultData(buf[:copy(buf, text)]), fuse.OK
}

// Write writes to an open file.
func (f *forest) Write(cancel <-chan struct{}, in *fuse.WriteIn, p []byte) (uint32, fuse.Status) {
	t := f.tree(in.NodeId)
	if t == nil {
		return 0, f.refuse(&in.InHeader)
	}
	return t.Write(cancel, in, p)
}

// Release ends a handle.
func (f *forest) Release(cancel <-chan struct{}, in *fuse.ReleaseIn) {
	if t := f.tree(in.NodeId); t != nil {
		t.Release(cancel, in)
		return
	}
	f.ops.count(in.Opcode)
	f.pages.close(in.Fh)
}

// Flush is what close(2) reports.
func (f *forest) Flush(cancel <-chan struct{}, in *fuse.FlushIn) fuse.Status {
	if t := f.tree(in.NodeId); t != nil {
		return t.Flush(cancel, in)
	}
	f.ops.count(in.Opcode)
	return fuse.OK
}

// Fsync returns when what was written is on disk.
func (f *forest) Fsync(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	if t := f.tree(in.NodeId); t != nil {
		return t.Fsync(cancel, in)
	}
	f.ops.count(in.Opcode)
	return fuse.OK
}

// Lseek finds data and holes.
func (f *forest) Lseek(cancel <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	t := f.tree(in.NodeId)
	if t == nil {
		f.ops.count(in.Opcode)
		return fuse.EINVAL
	}
	return t.Lseek(cancel, in, out)
}

// Fallocate makes room, holes and zeros.
func (f *forest) Fallocate(cancel <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	t := f.tree(in.NodeId)
	if t == nil {
		return f.refuse(&in.InHeader)
	}
	return t.Fallocate(cancel, in)
}

// CopyFileRange copies from any tree to any other: what an old version had is brought back without its bytes being moved.
func (f *forest) CopyFileRange(_ <-chan struct{}, in *fuse.CopyFileRangeIn) (uint32, fuse.Status) {
	t := f.tree(in.NodeIdOut)
	if t == nil {
		return 0, f.refuse(&in.InHeader)
	}
	from := f.tree(in.NodeId)
	if from == nil {
		f.ops.count(in.Opcode)
		return 0, fuse.Status(syscall.EOPNOTSUPP)
	}
	return t.copyFrom(from.mount, in)
}

// StatFs answers how much room there is on the disk that has the store.
func (f *forest) StatFs(_ <-chan struct{}, h *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	f.ops.count(h.Opcode)
	if err := statDisk(f.cfg.ScratchDir, out); err != nil {
		return f.fail("statfs", err)
	}
	return fuse.OK
}

// Ioctl knows none.
func (f *forest) Ioctl(_ <-chan struct{}, in *fuse.IoctlIn, _ []byte, _ *fuse.IoctlOut, _ []byte) fuse.Status {
	f.ops.count(in.Opcode)
	return fuse.Status(syscall.ENOTTY)
}

// GetLk is not asked, nor are the two below: the kernel keeps the locks of a mount on one host by itself.
func (f *forest) GetLk(_ <-chan struct{}, in *fuse.LkIn, _ *fuse.LkOut) fuse.Status {
	f.ops.count(in.Opcode)
	return fuse.Status(syscall.EOPNOTSUPP)
}

// SetLk is not asked.
func (f *forest) SetLk(_ <-chan struct{}, in *fuse.LkIn) fuse.Status {
	f.ops.count(in.Opcode)
	return fuse.Status(syscall.EOPNOTSUPP)
}

// SetLkw is not asked.
func (f *forest) SetLkw(_ <-chan struct{}, in *fuse.LkIn) fuse.Status {
	f.ops.count(in.Opcode)
	return fuse.Status(syscall.EOPNOTSUPP)
}

// Statx answers statx(2).
func (f *forest) Statx(cancel <-chan struct{}, in *fuse.StatxIn, out *fuse.StatxOut) fuse.Status {
	if t := f.tree(in.NodeId); t != nil {
		return t.Statx(cancel, in, out)
	}
	p := f.pages.get(in.NodeId)
	if p == nil {
		return fuse.ENOENT
	}
	f.ops.count(in.Opcode)
	var attr fuse.Attr
	f.pageAttr(p, &attr)
	at := fuse.SxTime{Sec: attr.Mtime, Nsec: attr.Mtimensec}
	out.Statx = fuse.Statx{
		Mask: statxMask, Ino: attr.Ino, Mode: uint16(attr.Mode), Nlink: attr.Nlink, Uid: attr.Uid, Gid: attr.Gid,
		Size: attr.Size, Blksize: attr.Blksize, Atime: at, Btime: at, Ctime: at, Mtime: at,
	}
	out.SetTimeout(fixedTimeout)
	return fuse.OK
}
