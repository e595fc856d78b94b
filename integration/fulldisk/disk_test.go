package fulldisk_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/integration/harness"
)

// disk is a small file system of its own, with something on it that takes up room.
type disk struct {
	dir, ballast string
}

// newDisk makes a disk of some size, of which the ballast takes a part, for the data of the store.
func newDisk(t *testing.T, s *harness.Store, size, ballast int64) *disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a disk")
	}
	image := filepath.Join(s.Dir, "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, size); err != nil {
		t.Fatal(err)
	}
	s.Run(exec.Command("mkfs.ext4", "-q", "-m", "0", image))
	d := &disk{dir: filepath.Join(s.Dir, "disk")}
	if err := os.Mkdir(d.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-o", "loop", image, d.dir).CombinedOutput(); err != nil {
		t.Skipf("this system has no loop devices: %s", out)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.dir, 0); err != nil {
			t.Error(err)
			harness.LazyUnmount(t, d.dir)
		}
	})
	d.ballast = filepath.Join(d.dir, "ballast")
	d.load(t, ballast)
	s.Data = filepath.Join(d.dir, "data")
	return d
}

// load makes the ballast take some room.
func (d *disk) load(t *testing.T, size int64) {
	t.Helper()
	f, err := os.OpenFile(d.ballast, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, size); err != nil {
		t.Fatal(err)
	}
}

// drop gives the room of the ballast back.
func (d *disk) drop(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.ballast); err != nil {
		t.Fatal(err)
	}
}
