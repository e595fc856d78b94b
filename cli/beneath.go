package cli

import (
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// open opens what was found, without following a symbolic link: neither one that has taken its place since, nor one in the place of a
// directory above it. Such a link is an error that isMoving knows. The caller closes the file.
func (l *local) open(flags int) (*os.File, error) {
	flags |= unix.O_NOFOLLOW | unix.O_NONBLOCK // a pipe would be waited for
	if l.top == nil || l.rel == "." {
		return os.OpenFile(l.name, flags, 0)
	}
	fd, err := openBeneath(l.top, l.rel, flags|unix.O_CLOEXEC)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: l.name, Err: err}
	}
	return os.NewFile(uintptr(fd), l.name), nil
}

// openBeneath opens what is at a path below the directory top, each name of which is looked up in the directory before it.
func openBeneath(top *os.File, rel string, flags int) (fd int, err error) {
	defer runtime.KeepAlive(top)
	dir := int(top.Fd())
	for {
		name, rest, more := strings.Cut(rel, "/")
		if fd, err = openAt(dir, name, more, flags); dir != int(top.Fd()) {
			unix.Close(dir)
		}
		if err != nil || !more {
			return fd, err
		}
		dir, rel = fd, rest
	}
}

// openAt opens a file in a directory; one of the directories on the way to a file when above is set.
func openAt(dir int, name string, above bool, flags int) (int, error) {
	if above {
		flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	}
	for {
		fd, err := unix.Openat(dir, name, flags, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// list returns the entries of a directory by name.
func (l *local) list() ([]fs.DirEntry, error) {
	dir, err := l.open(os.O_RDONLY | unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// stat returns the attributes of what was found, if it still is of the same kind.
func (l *local) stat() (fs.FileInfo, error) {
	file, err := l.open(unix.O_PATH)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return l.statOf(file)
}

// statOf is stat of what is open.
func (l *local) statOf(file *os.File) (fs.FileInfo, error) {
	info, err := file.Stat()
	if err == nil && info.Mode().Type() != l.entry.Type() {
		err = errChanged
	}
	return info, err
}

// readlink returns where a symbolic link leads, and its attributes.
func (l *local) readlink() (target string, info fs.FileInfo, err error) {
	file, err := l.open(unix.O_PATH)
	if err != nil {
		return "", nil, err
	}
	defer file.Close()
	if info, err = l.statOf(file); err != nil {
		return "", nil, err
	}
	b := make([]byte, syscall.PathMax)
	n, err := unix.Readlinkat(int(file.Fd()), "", b)
	if err != nil {
		return "", nil, &fs.PathError{Op: "readlink", Path: l.name, Err: err}
	}
	return string(b[:n]), info, nil
}
