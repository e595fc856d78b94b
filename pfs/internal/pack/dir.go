package pack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Dir is the FS of a directory of the operating system, which must exist.
type Dir string

var _ FS = Dir("")

// Create makes a new file that only its owner can read.
func (d Dir) Create(name string) (File, error) {
	return open(os.OpenFile(filepath.Join(string(d), name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600))
}

// Open opens an existing file for reading.
func (d Dir) Open(name string) (File, error) {
	return open(os.Open(filepath.Join(string(d), name)))
}

// open keeps a nil *os.File from becoming a File that is not nil.
func open(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// List returns the regular files of the directory.
func (d Dir) List() ([]FileInfo, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	var files []FileInfo
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		files = append(files, FileInfo{e.Name(), info.Size()})
	}
	return files, nil
}

// Remove deletes a file.
func (d Dir) Remove(name string) error { return os.Remove(filepath.Join(string(d), name)) }

// Sync makes the directory itself durable.
func (d Dir) Sync() error {
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Free returns what users other than root may still write to the disk.
func (d Dir) Free() (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(string(d), &st); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", string(d), err)
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
