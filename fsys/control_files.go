package fsys

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// AbortFile opens the kernel's control file of a connection, by its Device: writing "1" to it aborts the connection, also when
// no path leads to it any more, and nothing else, since the file stays with its connection. Root needs no control files of
// FUSE that are mounted.
func AbortFile(device string) (*os.File, error) {
	dir, err := controlDir(device)
	if err != nil {
		return nil, err
	}
	defer unix.Close(dir)
	return openControl(dir, "abort", unix.O_WRONLY)
}

// controlDir returns a descriptor of the directory of the connection with the Device.
func controlDir(device string) (int, error) {
	// Documentation/filesystems/fuse.rst: connections are named by the minor number of the device.
	_, minor, _ := strings.Cut(device, ":")
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	name := "/sys/fs/fuse/connections/" + minor
	dir, err := unix.Open(name, flags, 0)
	if err != nil && os.Geteuid() == 0 {
		var tree int
		if tree, err = controlFiles(); err != nil {
			return -1, err
		}
		defer unix.Close(tree)
		dir, err = unix.Openat(tree, minor, flags, 0)
	}
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return dir, nil
}

// openControl opens a control file in the directory of a connection.
func openControl(dir int, name string, flags int) (*os.File, error) {
	fd, err := unix.Openat(dir, name, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// controlFiles returns a descriptor of the kernel's control files of FUSE, which no path leads to.
func controlFiles() (int, error) {
	system, err := unix.Fsopen("fusectl", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, os.NewSyscallError("fsopen", err)
	}
	defer unix.Close(system)
	if err := unix.FsconfigCreate(system); err != nil {
		return -1, os.NewSyscallError("fsconfig", err)
	}
	tree, err := unix.Fsmount(system, unix.FSMOUNT_CLOEXEC, 0)
	return tree, os.NewSyscallError("fsmount", err)
}
