package fsys

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Renew mounts on dir as Attach does, in place of the mount of ours that is there and whose server has gone, or is about
// to. The old one disappears from the tree at once, and ends when nobody uses it any more. As root, with a kernel that can
// put a mount beneath another (Linux 6.5), what dir hides is not to be seen at any instant, so that nobody writes there by
// mistake; else it is for a moment.
func Renew(dir string, o AttachOptions) (*os.File, error) {
	if o.Source == "" {
		o.Source = "pfsd"
	}
	o = o.asMounted(dir)
	if os.Geteuid() == 0 {
		if file, err := attachBeneath(dir, o); err == nil {
			if err := Detach(dir, true); err != nil {
				file.Close()
				return nil, err
			}
			return file, nil
		}
	}
	if err := Detach(dir, true); err != nil {
		return nil, err
	}
	return Attach(dir, o)
}

// attachBeneath mounts beneath the mount that is on top of dir, see move_mount(2).
func attachBeneath(dir string, o AttachOptions) (*os.File, error) {
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/dev/fuse", Err: err}
	}
	file := os.NewFile(uintptr(fd), "/dev/fuse")
	if err := mountBeneath(dir, fd, o); err != nil {
		file.Close()
		return nil, &os.PathError{Op: "move_mount", Path: dir, Err: err}
	}
	return file, nil
}

func mountBeneath(dir string, fd int, o AttachOptions) error {
	system, err := unix.Fsopen("fuse", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(system)
	if err := configure(system, fd, o); err != nil {
		return err
	}
	mounted, err := unix.Fsmount(system, unix.FSMOUNT_CLOEXEC, o.attributes())
	if err != nil {
		return err
	}
	defer unix.Close(mounted)
	return unix.MoveMount(mounted, "", unix.AT_FDCWD, dir, unix.MOVE_MOUNT_F_EMPTY_PATH|moveMountBeneath)
}

// moveMountBeneath is MOVE_MOUNT_BENEATH of <linux/mount.h>.
const moveMountBeneath = 0x200

// configure makes the file system, with the options that attachDirectly gives to mount(2).
func configure(system, fd int, o AttachOptions) error {
	for _, option := range [][2]string{
		{"source", o.Source}, {"subtype", "pfsd"}, {"fd", strconv.Itoa(fd)}, {"rootmode", "40000"},
		{"user_id", strconv.Itoa(os.Geteuid())}, {"group_id", strconv.Itoa(os.Getegid())},
		{"max_read", strconv.Itoa(maxRequest)},
	} {
		if err := unix.FsconfigSetString(system, option[0], option[1]); err != nil {
			return err
		}
	}
	for flag, set := range map[string]bool{"default_permissions": true, "allow_other": o.AllowOther, "ro": o.ReadOnly, "sync": o.Sync} {
		if !set {
			continue
		}
		if err := unix.FsconfigSetFlag(system, flag); err != nil {
			return err
		}
	}
	return unix.FsconfigCreate(system)
}

// attributes are those of the mount, as fsmount(2) takes them.
func (o AttachOptions) attributes() int {
	attributes := 0
	for attribute, set := range map[int]bool{
		unix.MOUNT_ATTR_NOSUID: !o.Suid, unix.MOUNT_ATTR_NODEV: !o.Dev, unix.MOUNT_ATTR_RDONLY: o.ReadOnly,
		unix.MOUNT_ATTR_NOEXEC: o.NoExec,
	} {
		if set {
			attributes |= attribute
		}
	}
	return attributes
}
