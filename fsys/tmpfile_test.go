package fsys_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTmpfileOfGroup opens files with O_TMPFILE in a setgid directory, and in one that has gone.
func TestTmpfileOfGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory to any group")
	}
	f := newFixture(t)
	dir := filepath.Join(f.dir, "dir")
	must(t, os.Mkdir(dir, 0o755))
	must(t, os.Chown(dir, -1, 4242))
	must(t, os.Chmod(dir, os.ModeSetgid|0o755))
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR, 0o640)
	must(t, err)
	defer unix.Close(fd)
	var st unix.Stat_t
	must(t, unix.Fstat(fd, &st))
	if st.Gid != 4242 {
		t.Errorf("it has group %d", st.Gid)
	}
	at, err := os.Open(dir)
	must(t, err)
	defer at.Close()
	must(t, os.Remove(dir))
	must(t, os.Mkdir(dir, 0o755))
	_, err = unix.Openat(int(at.Fd()), ".", unix.O_TMPFILE|unix.O_RDWR, 0o640)
	wantErr(t, "in a directory that has gone", err, syscall.ENOENT)
}
