// Package mountpoint makes mounts: the kernel's end, in the process that owns one, and what serves it, in the host.
package mountpoint

import (
	"context"
	"errors"
	"os"
	"syscall"

	"pfsd/cli/internal/door"
	"pfsd/fsys"
)

// Attach mounts spec on its directory, with options, most of which it adds to spec. Until the mount is served, whoever looks
// into it waits.
func Attach(spec door.Mount, o Options) (*door.Object, error) {
	spec.Namespace = namespace()
	spec.ShowUID, spec.ShowGID, spec.ShowUmask = o.UID, o.GID, o.Umask
	spec.NoAtime, spec.Sync = o.NoAtime, o.Sync
	options := o.AttachOptions
	if options.Source = spec.Address; spec.Address == door.AllBranches {
		options.Source = "pfsd"
	}
	file, err := fsys.Attach(spec.Dir, options)
	if err != nil {
		return nil, err
	}
	return door.NewObject(door.Spec{Mount: &spec}, file, kernelMount{dir: spec.Dir, options: options}), nil
}

// kernelMount is a mount in the hands of its owner. It is a door.Kernel.
type kernelMount struct {
	dir     string
	options fsys.AttachOptions
}

// Detach unmounts it as umount(8) does.
func (m kernelMount) Detach(context.Context) (bool, error) {
	err := fsys.Detach(m.dir, false)
	if errors.Is(err, syscall.EBUSY) {
		err = inUse(m.dir)
	}
	return true, err
}

// Abandon takes it away whoever uses it. It does nothing when it is gone.
func (m kernelMount) Abandon() error {
	if !IsMount(m.dir) {
		return nil
	}
	return fsys.Detach(m.dir, true)
}

// Renew mounts anew, in place of the mount at whose end old is. Who uses files in that one is served as long as its host
// lives, and has them fail when that has gone.
func (m kernelMount) Renew(old *os.File) (*os.File, error) {
	if !IsMount(m.dir) {
		return nil, door.ErrGone
	}
	file, err := fsys.Renew(m.dir, m.options)
	if err != nil {
		return nil, err
	}
	_ = old.Close() // Requests that a host has taken along into its death fail now.
	return file, nil
}

// Release does nothing: a mount ends when it is unmounted.
func (m kernelMount) Release() error { return nil }

// Unmount unmounts what is mounted on dir as umount(8) does, or, when its server has died, whoever still uses it.
func Unmount(dir string) error {
	if IsDead(dir) {
		return fsys.Detach(dir, true)
	}
	_, err := kernelMount{dir: dir}.Detach(context.Background())
	return err
}

// UnmountLazily takes what is mounted on dir away at once, whoever uses it: those can go on until they are done.
func UnmountLazily(dir string) error { return fsys.Detach(dir, true) }

// namespace names the mount namespace of this process, see mount_namespaces(7); empty where the system does not tell.
func namespace() string {
	name, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return ""
	}
	return name
}
