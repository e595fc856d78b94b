package fsys

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// AttachOptions say how a directory becomes a mount point.
type AttachOptions struct {
	// Source is what df(1) and mount(8) show as the device; empty stands for "pfsd".
	Source string
	// AllowOther lets other users in, as far as modes let them; else only who has mounted gets in, root included. Users but root
	// need user_allow_other in /etc/fuse.conf.
	AllowOther bool
	// ReadOnly makes the kernel refuse all changes.
	ReadOnly bool
	// Sync makes the kernel ask for each write to be on disk; NoExec lets it run no programs.
	Sync, NoExec bool
	// Suid and Dev heed setuid bits and device files, which only root can ask for: what is in the store may have come from
	// anybody who can write to it.
	Suid, Dev bool
}

// Attach mounts on dir and returns the kernel's end of the mount for Serve. Until it is served, whoever looks at dir waits.
// As root it needs nobody; other users go through fusermount3. A dead mount on dir is unmounted first.
//
// The error wraps syscall.ENOTDIR or ENOENT of dir, EBUSY when a process in it stops a dead mount from being unmounted, EPERM,
// or says that fusermount3 is missing or what it complained of.
func Attach(dir string, o AttachOptions) (*os.File, error) {
	if o.Source == "" {
		o.Source = "pfsd"
	}
	if err := clearDead(dir); err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &os.PathError{Op: "mount", Path: dir, Err: syscall.ENOTDIR}
	}
	if os.Geteuid() == 0 {
		return attachDirectly(dir, o)
	}
	return attachThroughHelper(dir, o)
}

// clearDead unmounts dir if nobody serves it any more. It asks by statfs, since the kernel may answer stat from its cache for
// a dead mount too.
func clearDead(dir string) error {
	err := unix.Statfs(dir, &unix.Statfs_t{})
	if !errors.Is(err, syscall.ENOTCONN) && !errors.Is(err, syscall.ECONNABORTED) {
		return nil
	}
	return Detach(dir, true)
}

// attachDirectly mounts with mount(2).
func attachDirectly(dir string, o AttachOptions) (*os.File, error) {
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/dev/fuse", Err: err}
	}
	data := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d,default_permissions,max_read=%d",
		fd, os.Geteuid(), os.Getegid(), maxRequest)
	if o.AllowOther {
		data += ",allow_other"
	}
	if err := unix.Mount(o.Source, dir, "fuse.pfsd", o.flags(), data); err != nil {
		_ = unix.Close(fd) // Nothing was done through it.
		return nil, &os.PathError{Op: "mount", Path: dir, Err: err}
	}
	return os.NewFile(uintptr(fd), "/dev/fuse"), nil
}

// flags are those of mount(2).
func (o AttachOptions) flags() uintptr {
	var flags uintptr
	for flag, set := range map[uintptr]bool{
		unix.MS_NOSUID: !o.Suid, unix.MS_NODEV: !o.Dev, unix.MS_RDONLY: o.ReadOnly, unix.MS_SYNCHRONOUS: o.Sync,
		unix.MS_NOEXEC: o.NoExec,
	} {
		if set {
			flags |= flag
		}
	}
	return flags
}

// Detach unmounts dir. With lazy, it disappears from the tree at once and ends when nobody uses it any more; else the error
// wraps syscall.EBUSY while somebody does, and EINVAL when dir is no mount point.
func Detach(dir string, lazy bool) error {
	if os.Geteuid() != 0 {
		return detachThroughHelper(dir, lazy)
	}
	flags := unix.UMOUNT_NOFOLLOW
	if lazy {
		flags |= unix.MNT_DETACH
	}
	if err := unix.Unmount(dir, flags); err != nil {
		return &os.PathError{Op: "unmount", Path: dir, Err: err}
	}
	return nil
}

// readAheadKiB is how far the kernel reads ahead of a sequential reader, as far as it lets us say.
const readAheadKiB = maxRequest / 1024

// raiseReadAhead makes the kernel read ahead in requests of the full size. It is only for speed and only root can do it, so
// that all errors mean that it stays as it was.
func raiseReadAhead(dir string) {
	if dir == "" || os.Geteuid() != 0 {
		return
	}
	device, ok := deviceOf(dir)
	if !ok {
		return
	}
	path := "/sys/class/bdi/" + device + "/read_ahead_kb"
	_ = os.WriteFile(path, []byte(strconv.Itoa(readAheadKiB)), 0) // See above.
}

// deviceOf returns the device number of the file system mounted on dir, as "major:minor", without asking that file system.
func deviceOf(dir string) (string, bool) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", false
	}
	device, found := "", false
	for line := range strings.Lines(string(table)) {
		// proc_pid_mountinfo(5): id, parent, device, root, mount point, ...; the last one is on top.
		if fields := strings.Fields(line); len(fields) > 4 && unescapeMount(fields[4]) == dir {
			device, found = fields[2], true
		}
	}
	return device, found
}

// unescapeMount undoes how mountinfo writes blanks and backslashes in a path.
func unescapeMount(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}
