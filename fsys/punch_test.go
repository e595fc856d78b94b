package fsys_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPunchHole punches and zeroes a file that is a hole but for a few bytes: the hole stays one, and costs nothing.
func TestPunchHole(t *testing.T) {
	f := newFixture(t)
	const size, at = 8 << 30, 5<<30 + 100
	file := openAt(t, filepath.Join(f.dir, "file"), os.O_RDWR|os.O_CREATE)
	must(t, file.Truncate(size))
	_, err := file.WriteAt([]byte("bytes"), at)
	must(t, err)
	for _, mode := range []uint32{unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_ZERO_RANGE} {
		must(t, unix.Fallocate(int(file.Fd()), mode, 0, size))
	}
	if first, err := unix.Seek(int(file.Fd()), 0, unix.SEEK_DATA); err == nil && first != at-at%4096 {
		t.Errorf("data at %d", first)
	}
	got := make([]byte, 5)
	if _, err := file.ReadAt(got, at); err != nil || string(got) != "\x00\x00\x00\x00\x00" {
		t.Errorf("it has %q, %v", got, err)
	}
	var st syscall.Stat_t
	must(t, syscall.Fstat(int(file.Fd()), &st))
	if st.Size != size || st.Blocks > 1 {
		t.Errorf("%d bytes take %d blocks", st.Size, st.Blocks)
	}
	must(t, file.Close())
}
