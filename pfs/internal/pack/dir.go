package pack

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"pfsd/pfs/internal/held"
)

// Dir is the FS of a directory of the operating system: of the one that was opened, whatever its name leads to later on.
type Dir struct{ held *held.Dir }

var _ FS = (*Dir)(nil)

// OpenDir opens a directory, which must exist. The caller closes it, after the Store.
func OpenDir(name string) (*Dir, error) {
	d, err := held.Open(name)
	if err != nil {
		return nil, err
	}
	return &Dir{d}, nil
}

// Close closes the directory.
func (d *Dir) Close() error { return d.held.Close() }

// Create makes a new file that only its owner can read. It fails when the name of the directory leads elsewhere by now: nobody would
// find the file there.
func (d *Dir) Create(name string) (File, error) {
	if err := d.held.Check(); err != nil {
		return nil, err
	}
	return open(d.held.Root().OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600))
}

// Open opens an existing file for reading.
func (d *Dir) Open(name string) (File, error) { return open(d.held.Root().Open(name)) }

// open keeps a nil *os.File from becoming a File that is not nil.
func open(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// List returns the regular files of the directory.
func (d *Dir) List() ([]FileInfo, error) {
	entries, err := d.entries()
	if err != nil {
		return nil, err
	}
	var files []FileInfo
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		info, err := d.held.Root().Lstat(e.Name())
		if err != nil {
			return nil, err
		}
		files = append(files, FileInfo{e.Name(), info.Size()})
	}
	return files, nil
}

func (d *Dir) entries() ([]os.DirEntry, error) {
	f, err := d.held.Root().Open(".")
	if err != nil {
		return nil, err
	}
	entries, err := f.ReadDir(-1)
	return entries, errors.Join(err, f.Close())
}

// Remove deletes a file.
func (d *Dir) Remove(name string) error { return d.held.Root().Remove(name) }

// Sync makes the directory itself durable.
func (d *Dir) Sync() error { return d.held.File().Sync() }

// Free returns what users other than root may still write to the disk.
func (d *Dir) Free() (int64, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(d.held.File().Fd()), &st); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", d.held.Name(), err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// full reports whether err says that a disk or a quota is used up.
func full(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// short reports whether err says that the process or the machine has no more descriptors or memory for now.
func short(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM)
}

// willNeed has the kernel begin to read n bytes of f, if that is a file of the operating system. It is only for speed.
func willNeed(f File, off, n int64) {
	file, ok := f.(*os.File)
	if !ok {
		return
	}
	conn, err := file.SyscallConn()
	if err == nil {
		_ = conn.Control(func(fd uintptr) { _ = unix.Fadvise(int(fd), off, n, unix.FADV_WILLNEED) })
	}
}
