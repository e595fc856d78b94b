package harness

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Beneath reports whether a file is in the directory that a mount on dir would hide, by the device that it is on.
func Beneath(file unix.Stat_t, dir string) bool {
	var above unix.Stat_t
	return unix.Stat(filepath.Dir(dir), &above) == nil && file.Dev == above.Dev
}

// Mounted reports whether something is mounted on dir, dead or alive.
func Mounted(t testing.TB, dir string) bool {
	t.Helper()
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[1] == dir {
			return true
		}
	}
	return false
}

// unmount fails the test when dir is still mounted, and ends that: nothing of a test may outlive it.
func unmount(t testing.TB, dir string) {
	t.Helper()
	if !Mounted(t, dir) {
		return
	}
	t.Errorf("%s is still mounted", dir)
	LazyUnmount(t, dir)
}

// LazyUnmount detaches whatever is mounted on dir, dead or alive.
func LazyUnmount(t testing.TB, dir string) {
	t.Helper()
	err := syscall.Unmount(dir, syscall.MNT_DETACH)
	if errors.Is(err, syscall.EPERM) {
		err = exec.Command("fusermount3", "-u", "-z", dir).Run()
	}
	if err != nil {
		t.Errorf("unmount %s: %v", dir, err)
	}
}

// forceMounts ends the connections of all mounts of ours below dir, as umount -f does: whoever waits for an answer gets an
// error. Mounts in use stay, and are dead.
func forceMounts(dir string) {
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) > 2 && fields[2] == "fuse.pfsd" && strings.HasPrefix(fields[1], dir+"/") {
			_ = syscall.Unmount(fields[1], syscall.MNT_FORCE) // EBUSY, where it stays
		}
	}
}
