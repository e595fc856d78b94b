package fsys

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// StatFs answers how much room there is on the disk that has the store.
func (m *mount) StatFs(_ <-chan struct{}, h *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	m.ops.count(h.Opcode)
	if err := statDisk(m.scratch.files.dir, out); err != nil {
		return m.fail("statfs", err)
	}
	return fuse.OK
}

// statDisk fills in the room on the disk that has dir.
func statDisk(dir string, out *fuse.StatfsOut) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return err
	}
	out.FromStatfsT(&st)
	out.NameLen = pfs.MaxName
	return nil
}

// Ioctl knows none.
func (m *mount) Ioctl(_ <-chan struct{}, in *fuse.IoctlIn, _ []byte, _ *fuse.IoctlOut, _ []byte) fuse.Status {
	m.ops.count(in.Opcode)
	return fuse.Status(syscall.ENOTTY)
}
