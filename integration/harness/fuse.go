package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// FuseForAll reports whether the test is to go on, since ordinary users can mount here. Where /dev/fuse is for root alone, it
// has the test run once more, in a mount namespace that has one for everybody, as distributions do; that is the test then.
// Only root may call it.
func FuseForAll(t *testing.T) bool {
	t.Helper()
	info, err := os.Stat("/dev/fuse")
	if err != nil {
		t.Skip("this machine has no FUSE")
	}
	if info.Mode().Perm()&0o006 == 0o006 {
		return true
	}
	device := filepath.Join(t.TempDir(), "fuse")
	if err := unix.Mknod(device, unix.S_IFCHR|0o666, int(unix.Mkdev(10, 229))); err != nil {
		t.Skip(err)
	}
	if err := os.Chmod(device, 0o666); err != nil {
		t.Fatal(err)
	}
	probe, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		t.Skip(err) // Devices do not work where temporary files are.
	}
	probe.Close()
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-euc",
		`mount --bind "$DEVICE" /dev/fuse; exec "$SELF" -test.v -test.count 1 -test.run "^$NAME\$"`)
	cmd.Env = append(os.Environ(), "DEVICE="+device, "SELF="+os.Args[0], "NAME="+t.Name(), "PFSD_BIN="+Binary(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Error(err)
	}
	t.Logf("in a mount namespace with a /dev/fuse for everybody:\n%s", out)
	return false
}
