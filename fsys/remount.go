package fsys

import (
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Remount gives the mount on dir other options than it has, as mount(8) does with the option remount: ReadOnly, Sync, NoExec, Suid
// and Dev; the others stay. Only root can. The error wraps syscall.EBUSY when it is to be read-only while files are open for
// writing, EPERM, or EINVAL when dir is no mount.
func Remount(dir string, o AttachOptions) error {
	if err := unix.Mount(o.Source, dir, "", unix.MS_REMOUNT|o.flags(), ""); err != nil {
		return &os.PathError{Op: "remount", Path: dir, Err: err}
	}
	return nil
}

// Mounted returns the options that the mount on dir has now, as far as Remount changes them. The error wraps syscall.EINVAL when
// dir is no mount.
func Mounted(dir string) (AttachOptions, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return AttachOptions{}, err
	}
	o, ok := mountedOptions(string(table), dir)
	if !ok {
		return o, &os.PathError{Op: "look for mount", Path: dir, Err: syscall.EINVAL}
	}
	return o, nil
}

// mountedOptions returns those of the topmost mount on dir in the text of proc_pid_mountinfo(5).
func mountedOptions(table, dir string) (o AttachOptions, ok bool) {
	for line := range strings.Lines(table) {
		before, after, _ := strings.Cut(line, " - ")
		place, system := strings.Fields(before), strings.Fields(after)
		if len(place) < 6 || len(system) < 3 || unescapeMount(place[4]) != dir {
			continue
		}
		// Those of the place where it is mounted, and those of the file system.
		set := append(strings.Split(place[5], ","), strings.Split(system[2], ",")...)
		has := func(option string) bool { return slices.Contains(set, option) }
		o = AttachOptions{
			Source: system[1], ReadOnly: has("ro"), Sync: has("sync"), NoExec: has("noexec"), Suid: !has("nosuid"), Dev: !has("nodev"),
		}
		ok = true
	}
	return o, ok
}

// asMounted returns o with what the mount on dir has got by Remount since it was made with o.
func (o AttachOptions) asMounted(dir string) AttachOptions {
	if now, err := Mounted(dir); err == nil {
		o.ReadOnly, o.Sync, o.NoExec, o.Suid, o.Dev = now.ReadOnly, now.Sync, now.NoExec, now.Suid, now.Dev
	}
	return o
}
