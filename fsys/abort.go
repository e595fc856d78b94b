package fsys

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Abort has the mount on dir fail with ENOTCONN whatever is asked of it, as it does when its server has been killed. It stays
// where it is until it is unmounted or mounted anew. Root can always do so; who has mounted dir can where the kernel's control
// files of FUSE are mounted. The error says that neither is the case, or that dir is no mount.
func Abort(dir string) error {
	device, ok := deviceOf(dir)
	if !ok {
		return &os.PathError{Op: "abort", Path: dir, Err: syscall.EINVAL}
	}
	// Documentation/filesystems/fuse.rst: connections are named by the minor number of the device.
	_, minor, _ := strings.Cut(device, ":")
	err := os.WriteFile("/sys/fs/fuse/connections/"+minor+"/abort", []byte("1"), 0)
	if err == nil || os.Geteuid() != 0 {
		return err
	}
	return abortByForce(dir)
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
