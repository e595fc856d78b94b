package fsys_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// direntInodes returns the inode numbers that getdents(2) says the names in a directory have.
func direntInodes(t *testing.T, dir string) map[string]uint64 {
	t.Helper()
	file, err := os.Open(dir)
	must(t, err)
	defer file.Close()
	numbers := make(map[string]uint64)
	for buf := make([]byte, 64<<10); ; {
		n, err := unix.Getdents(int(file.Fd()), buf)
		must(t, err)
		if n == 0 {
			return numbers
		}
		for all := buf[:n]; len(all) > 0; all = all[binary.NativeEndian.Uint16(all[16:]):] {
			numbers[unix.ByteSliceToString(all[19:])] = binary.NativeEndian.Uint64(all)
		}
	}
}

// TestListedInodes compares what a listing says of inode numbers with what stat(2) says, in a mount that learns from the
// listing that files have several names.
func TestListedInodes(t *testing.T) {
	f := newFixture(t)
	must(t, os.WriteFile(filepath.Join(f.dir, "a"), nil, 0o644))
	must(t, os.Link(filepath.Join(f.dir, "a"), filepath.Join(f.dir, "b")))
	must(t, os.WriteFile(filepath.Join(f.dir, "c"), nil, 0o644))
	must(t, os.Mkdir(filepath.Join(f.dir, "d"), 0o755))
	f.call("Unmount", f.dir, nil)
	f.mount(branch, f.dir)
	listed := direntInodes(t, f.dir)
	for _, name := range []string{".", "a", "b", "c", "d"} {
		if _, want := links(t, filepath.Join(f.dir, name)); listed[name] != want {
			t.Errorf("%s is listed as inode %d, and is %d", name, listed[name], want)
		}
	}
}
