// Package datadir finds and prepares the directory that holds a store, and knows the names of what this program puts
// there: the host's lock, its socket and the scratch space of mounts. All else in it is the core's.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// The names in a data directory that are not the core's.
const (
	lockName    = "host.lock"
	socketName  = "sock"
	scratchName = "scratch"
)

// Dir is a data directory: an absolute path without symbolic links.
type Dir struct {
	path string
	// uid is who owns it: only that user's processes may host it.
	uid int
	// mode is its permissions when it was found.
	mode uint32
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

// ErrNoStore is what Open fails with where no store is.
var ErrNoStore = errors.New("there is no store")

// Open opens the directory at path, which must hold a store, and makes it private (mode 0700) when it is ours. It makes
// nothing: the error is ErrNoStore, with the path, when the directory is missing, empty, or holds other things.
func Open(path string) (*Dir, error) {
	d, err := find(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s", ErrNoStore, path)
	}
	if err != nil {
		return nil, err
	}
	switch held, err := d.look(); {
	case errors.Is(err, unix.EACCES) && !d.Ours(): // Its host may let us in.
		return d, nil
	case err != nil:
		return nil, err
	case !held.store:
		return nil, fmt.Errorf("%w in %s", ErrNoStore, path)
	}
	return d, d.makePrivate()
}

// find returns the directory at path as it is.
func find(path string) (*Dir, error) {
	path, err := Canonical(path)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return &Dir{path: path, uid: int(st.Uid), mode: st.Mode & 0o7777}, nil
}

// makePrivate keeps all others out of a directory that is ours.
func (d *Dir) makePrivate() error {
	if !d.Ours() || d.mode == 0o700 {
		return nil
	}
	return os.Chmod(d.path, 0o700)
}

// Path returns the directory itself.
func (d *Dir) Path() string { return d.path }

// Lock returns the path of the file that the host holds locked.
func (d *Dir) Lock() string { return filepath.Join(d.path, lockName) }

// Socket returns the path of the host's Unix socket. It may be too long for a socket address.
func (d *Dir) Socket() string { return filepath.Join(d.path, socketName) }

// Scratch returns the directory for the host's temporary files.
func (d *Dir) Scratch() string { return filepath.Join(d.path, scratchName) }

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

// CheckMountPoint returns an error when dir, in canonical form, is in the data directory at data or holds it: a mount there
// would hide the store from itself, or the store from its host. There need not be a data directory yet.
func CheckMountPoint(data, dir string) error {
	data, err := filepath.Abs(data)
	if err == nil {
		data, err = resolve(data)
	}
	if err != nil {
		return err
	}
	if within(dir, data) || within(data, dir) {
		return fmt.Errorf("cannot mount on %s: the data directory %s and a mount point must not be inside one another", dir, data)
	}
	return nil
}

// resolve returns an absolute path without the symbolic links in the part of it that is there.
func resolve(path string) (string, error) {
	resolved, err := Canonical(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return resolved, err
	}
	above, err := resolve(filepath.Dir(path))
	return filepath.Join(above, filepath.Base(path)), err
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
