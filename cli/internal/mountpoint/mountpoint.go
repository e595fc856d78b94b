// Package mountpoint makes mounts: the kernel's end, in the process that owns one, and what serves it, in the host.
package mountpoint

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

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
	m := &kernelMount{dir: spec.Dir, options: options}
	m.find()
	return door.NewObject(door.Spec{Mount: &spec}, file, m), nil
}

// Remount changes the options of the mount on dir, which is in canonical form, to those that text names. What text does not name
// stays as it is, and so does what a mount has for as long as it lives, as who owns its files. The error names a server that does
// not answer.
func Remount(ctx context.Context, dir, text string) error {
	if !IsMount(dir) {
		return fmt.Errorf("%s is no mount of pfsd, so that there is nothing to remount", dir)
	}
	now, err := fsys.Mounted(dir)
	if err != nil {
		return err
	}
	next, err := Options{AttachOptions: now}.with(text)
	if err != nil {
		return err
	}
	_, err = ask(ctx, func() (struct{}, error) {
		return struct{}{}, fsys.Remount(dir, next.AttachOptions) // The kernel sends what it has not written yet to the server.
	})
	if errors.Is(err, syscall.EBUSY) {
		return fmt.Errorf("%s has files that are open for writing, so that it cannot be made read-only: %w", dir, err)
	}
	return orSilence(dir, err)
}

// kernelMount is a mount in the hands of its owner. It is a door.Kernel.
type kernelMount struct {
	dir     string
	options fsys.AttachOptions
	// device is its number as st_dev shows it; empty when it has gone before that could be seen.
	device string
}

// find takes note of the mount that is on its directory.
func (m *kernelMount) find() {
	m.device = ""
	if c, err := fsys.ConnectionAt(m.dir); err == nil {
		m.device = c.Device
	}
}

// writingBack is how long an unmounting waits at most for an instant in which nobody waits for the server of the mount.
const writingBack = 20 * time.Second

// Detach unmounts it as umount(8) does, and ends it also where it is shown elsewhere, by a bind mount or in another mount
// namespace. Those places fail whoever looks there, until they are unmounted. Before that, what programs there have changed in
// mapped files is written back; where they do not let that come to an end, the mount stays.
func (m *kernelMount) Detach(ctx context.Context) (bool, error) {
	abort, _ := fsys.AbortFile(m.device) // Where that fails the mount may end all the same.
	if abort != nil {
		defer abort.Close()
		if err := m.writeBack(ctx); err != nil {
			return true, err
		}
	}
	if c, err := fsys.ConnectionAt(m.dir); err == nil && c.Device == m.device {
		err := fsys.Detach(m.dir, false)
		if errors.Is(err, syscall.EBUSY) {
			err = inUse(m.dir)
		}
		if err != nil {
			return true, err
		}
	}
	if abort != nil {
		_, err := abort.WriteString("1")
		return true, err
	}
	return true, shownElsewhere(m.dir, m.device)
}

// writeBack has what programs have changed in mapped files written back, since an abort loses it. The error names who goes on.
func (m *kernelMount) writeBack(ctx context.Context) error {
	at, found := findPlace(m.device)
	if !found {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, writingBack)
	defer cancel()
	err := fsys.WriteBack(ctx, at.path(), m.device)
	if errors.Is(err, fsys.ErrNotIdle) {
		return fmt.Errorf("%w (%w)", inUse(at.dir), err)
	}
	return nil // A place that has gone meanwhile has nothing to write back, and a dead mount cannot.
}

// Abandon takes it away whoever uses it. It does nothing when it is gone.
func (m *kernelMount) Abandon() error {
	if !IsMount(m.dir) {
		return nil
	}
	return fsys.Detach(m.dir, true)
}

// Renew mounts anew, in place of the mount at whose end old is. Who uses files in that one is served as long as its host
// lives, and has them fail when that has gone.
func (m *kernelMount) Renew(old *os.File) (*os.File, error) {
	if !IsMount(m.dir) {
		return nil, door.ErrGone
	}
	file, err := fsys.Renew(m.dir, m.options)
	if err != nil {
		return nil, err
	}
	m.find()
	_ = old.Close() // Requests that a host has taken along into its death fail now.
	return file, nil
}

// Release does nothing: a mount ends when it is unmounted.
func (m *kernelMount) Release() error { return nil }

// Unmount unmounts what is mounted on dir as umount(8) does, or, when its server has died, whoever still uses it. The error names
// a server that does not answer.
func Unmount(ctx context.Context, dir string) error {
	dead, err := IsDead(ctx, dir)
	if err != nil {
		return err
	}
	if dead {
		return fsys.Detach(dir, true)
	}
	err = fsys.Detach(dir, false)
	if errors.Is(err, syscall.EBUSY) {
		err = inUse(dir)
	}
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
