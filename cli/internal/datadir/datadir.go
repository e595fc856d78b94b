// Package datadir finds and prepares the directory that holds a store, and knows the names of what this program puts
// there: the host's lock, its socket and the scratch space of mounts. All else in it is the core's.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Dir is a data directory: an absolute path without symbolic links.
type Dir struct {
	path string
	// uid is who owns it: only that user's processes may host it.
	uid int
}

// Locate returns where the data directory is: flag, else $PFSD_DATA, else $XDG_DATA_HOME/pfsd, else ~/.local/share/pfsd.
// It does not look whether it exists.
func Locate(flag string, getenv func(string) string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if dir := getenv("PFSD_DATA"); dir != "" {
		return dir, nil
	}
	// The XDG base directory specification has relative paths ignored.
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "pfsd"), nil
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "pfsd"), nil
	}
	return "", errors.New("no data directory: give one with --data, or set PFSD_DATA or HOME")
}

// Open makes the directory at path when it is missing, and makes it private (mode 0700) when it is ours. It refuses a
// directory that holds other things, so that a mistyped path never turns somebody's files into a store.
func Open(path string) (*Dir, error) {
	if err := makeDurably(path); err != nil {
		return nil, err
	}
	path, err := Canonical(path)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	d := &Dir{path: path, uid: int(st.Uid)}
	if !d.Ours() {
		return d, nil
	}
	if err := d.checkContents(); err != nil {
		return nil, err
	}
	if st.Mode&0o7777 != 0o700 {
		return d, os.Chmod(path, 0o700)
	}
	return d, nil
}

// makeDurably makes the directory at path and those above it that are missing, and syncs the ones that have a new name in
// them: no power cut is to take the whole store away.
func makeDurably(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(filepath.Clean(path))
	if err := makeDurably(above); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(above)
	if err != nil {
		return err
	}
	err = dir.Sync()
	// Some file systems cannot sync directories.
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}

// checkContents returns an error unless d is empty or has been a data directory before: that has a lock, unless it is a copy
// for which somebody left that out, and then it still has what names the format of the store.
func (d *Dir) checkContents() error {
	for _, name := range []string{d.Lock(), filepath.Join(d.path, "FORMAT")} {
		if _, err := os.Lstat(name); err == nil {
			return nil
		}
	}
	names, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	// A file system that was just made is empty but for this.
	names = slices.DeleteFunc(names, func(e fs.DirEntry) bool { return e.Name() == "lost+found" && e.IsDir() })
	if len(names) > 0 {
		return fmt.Errorf("%s is not empty and not a data directory: give an empty or a new one", d.path)
	}
	return nil
}

// Path returns the directory itself.
func (d *Dir) Path() string { return d.path }

// Lock returns the path of the file that the host holds locked.
func (d *Dir) Lock() string { return filepath.Join(d.path, "host.lock") }

// Socket returns the path of the host's Unix socket. It may be too long for a socket address.
func (d *Dir) Socket() string { return filepath.Join(d.path, "sock") }

// Scratch returns the directory for the host's temporary files.
func (d *Dir) Scratch() string { return filepath.Join(d.path, "scratch") }

// Ours reports whether this process runs as the directory's owner.
func (d *Dir) Ours() bool { return d.uid == os.Geteuid() }

// Owner returns the user id of the directory's owner.
func (d *Dir) Owner() int { return d.uid }

// EmptyScratch makes the scratch directory, empty. Only the host calls it, before anything uses that directory.
func (d *Dir) EmptyScratch() error {
	if err := os.RemoveAll(d.Scratch()); err != nil {
		return err
	}
	return os.Mkdir(d.Scratch(), 0o700)
}

// CheckMountPoint returns an error when dir, in canonical form, is in the data directory or holds it: a mount there would
// hide the store from itself, or the store from its host.
func (d *Dir) CheckMountPoint(dir string) error {
	if within(dir, d.path) || within(d.path, dir) {
		return fmt.Errorf("cannot mount on %s: the data directory %s and a mount point must not be inside one another", dir, d.path)
	}
	return nil
}

// within reports whether path is dir or below it; both are clean and absolute.
func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// Canonical returns path as an absolute path without symbolic links. The last component is not looked at when it cannot
// be, as a mount point whose server has died.
func Canonical(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	resolved, err := filepath.EvalSymlinks(path)
	if errors.Is(err, unix.ENOTCONN) || errors.Is(err, unix.EIO) || errors.Is(err, unix.EACCES) {
		parent, err := filepath.EvalSymlinks(filepath.Dir(path))
		return filepath.Join(parent, filepath.Base(path)), err
	}
	return resolved, err
}
