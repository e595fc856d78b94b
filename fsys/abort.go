package fsys

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Connection is what the kernel has between a mount and its server.
type Connection struct {
	// Dir is where the mount is, and Device its number as st_dev shows it, "major:minor".
	Dir, Device string
}

// ConnectionAt returns the connection of what is mounted on dir, without asking its server. The error wraps syscall.EINVAL
// when dir is no mount.
func ConnectionAt(dir string) (Connection, error) {
	device, ok := deviceOf(dir)
	if !ok {
		return Connection{}, &os.PathError{Op: "look for mount", Path: dir, Err: syscall.EINVAL}
	}
	return Connection{Dir: dir, Device: device}, nil
}

// Abort has the mount on dir fail with ENOTCONN whatever is asked of it, as it does when its server has been killed. It stays
// where it is until it is unmounted or mounted anew. Root can always do so; who has mounted dir can where the kernel's control
// files of FUSE are mounted. The error says that neither is the case, or that dir is no mount.
func Abort(dir string) error {
	c, err := ConnectionAt(dir)
	if err != nil {
		return err
	}
	return c.Abort()
}

// Abort is Abort for the mount of the connection, and leaves another one alone that has come to its place.
func (c Connection) Abort() error {
	// Documentation/filesystems/fuse.rst: connections are named by the minor number of the device.
	_, minor, _ := strings.Cut(c.Device, ":")
	err := os.WriteFile("/sys/fs/fuse/connections/"+minor+"/abort", []byte("1"), 0)
	if err == nil || os.Geteuid() != 0 {
		return err
	}
	now, err := ConnectionAt(c.Dir)
	if err != nil {
		return err
	}
	if now != c {
		return &os.PathError{Op: "abort", Path: c.Dir, Err: syscall.EINVAL}
	}
	return abortByForce(c.Dir)
}

// abortByForce aborts by unmounting with MNT_FORCE, which ends the connection before it finds that the mount is in use: by
// this function.
func abortByForce(dir string) error {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(fd)
	if err := unix.Unmount(dir, unix.MNT_FORCE|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EBUSY) {
		return &os.PathError{Op: "abort", Path: dir, Err: err}
	}
	return nil
}
