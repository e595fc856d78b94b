package fsys_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFarApart writes bytes that lie farther apart than in a file of the scratch directory's file system.
func TestFarApart(t *testing.T) {
	f := newFixture(t)
	file := openAt(t, filepath.Join(f.dir, "file"), os.O_RDWR|os.O_CREATE)
	offsets := []int64{1 << 50, 0, 1<<50 + 1<<20, 1 << 20}
	for _, off := range offsets {
		_, err := file.WriteAt([]byte("byte"), off)
		must(t, err)
	}
	must(t, unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 1<<50+2, 2))
	check := func() {
		t.Helper()
		for i, want := range []string{"by\x00\x00", "byte", "byte", "byte"} {
			got := make([]byte, 4)
			if _, err := file.ReadAt(got, offsets[i]); err != nil || string(got) != want {
				t.Errorf("at %d it has %q, %v", offsets[i], got, err)
			}
		}
	}
	check()
	must(t, file.Sync())
	check()
}
