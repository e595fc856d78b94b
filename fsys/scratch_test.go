package fsys

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// newBuffers returns buffers that share a Scratch of two files.
func newBuffers(t *testing.T, n int) (*Scratch, []*buffer) {
	t.Helper()
	files := NewScratch(t.TempDir(), 2)
	pool := &scratch{files: files}
	buffers := make([]*buffer, n)
	for i := range buffers {
		buffers[i] = &buffer{scratch: pool}
	}
	t.Cleanup(func() {
		for _, b := range buffers {
			b.reset()
		}
		if len(files.files) > 0 {
			t.Errorf("%d files are left", len(files.files))
		}
	})
	return files, buffers
}

// TestScratchIsShared: many buffers that are written, punched and reset at random, far apart and over block ends, each have their own
// bytes, in two files; a block that was another's reads as zeros.
func TestScratchIsShared(t *testing.T) {
	const n, reach, far = 20, 5 * block / 2, 7 << 40
	files, buffers := newBuffers(t, n)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	want := make([][]byte, n)
	for i := range want {
		want[i] = make([]byte, reach)
	}
	for range 600 {
		i := r.IntN(n)
		b, off := buffers[i], r.IntN(reach)
		end := min(off+r.IntN(block), reach)
		switch r.IntN(10) {
		case 0:
			b.reset()
			clear(want[i])
		case 1, 2:
			if err := b.zero(span{far + int64(off), far + int64(end)}); err != nil {
				t.Fatal(err)
			}
			clear(want[i][off:end])
		default:
			p := bytes.Repeat([]byte{byte(1 + r.IntN(255))}, end-off)
			if err := b.writeAt(p, far+int64(off)); err != nil {
				t.Fatal(err)
			}
			copy(want[i][off:], p)
		}
		if len(files.files) > 2 {
			t.Fatalf("%d files", len(files.files))
		}
	}
	for i, b := range buffers {
		got := make([]byte, reach)
		for _, reader := range []interface {
			ReadAt(p []byte, off int64) (int, error)
		}{b, b.reader()} {
			if _, err := reader.ReadAt(got, far); err != nil || !bytes.Equal(got, want[i]) {
				t.Errorf("buffer %d has other bytes than were written, %v", i, err)
			}
		}
	}
}

// TestScratchGivesBack: space is free again when one of the inodes of a file ends, and its addresses are used anew.
func TestScratchGivesBack(t *testing.T) {
	files, buffers := newBuffers(t, 4)
	full := make([]byte, 4*block)
	for i := range full {
		full[i] = byte(i)
	}
	for _, b := range buffers {
		if err := b.writeAt(full, 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		buffers[3].reset()
		if got := usage(t, files); got > 3*int64(len(full))+block {
			t.Errorf("three inodes of %d bytes take %d", len(full), got)
		}
		if err := buffers[3].writeAt(full, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := slices.MaxFunc(files.files, func(a, b *scratchFile) int { return int(a.next - b.next) }).next; n > 8 {
		t.Errorf("a file of two inodes with four blocks each has %d", n)
	}
}

// usage is how many bytes the files take on disk.
func usage(t *testing.T, s *Scratch) (sum int64) {
	t.Helper()
	for _, f := range s.files {
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Sys().(*syscall.Stat_t).Blocks * 512
	}
	return sum
}

// TestScratchWithoutDescriptors: when no further file can be made inodes share those that are there.
func TestScratchWithoutDescriptors(t *testing.T) {
	files, buffers := newBuffers(t, 3)
	far := make([]byte, 2*maxBufferMemory)
	if err := buffers[0].writeAt(far, 0); err != nil {
		t.Fatal(err)
	}
	var had unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &had); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: had.Max}); err != nil {
		t.Fatal(err)
	}
	err := buffers[1].writeAt(far, 0)
	if restoreErr := unix.Setrlimit(unix.RLIMIT_NOFILE, &had); restoreErr != nil {
		t.Fatal(restoreErr)
	}
	if err != nil {
		t.Errorf("with a file there already: %v", err)
	}
	if err := buffers[2].writeAt(far, 0); err != nil || len(files.files) != 2 {
		t.Errorf("with descriptors again: %v, %d files", err, len(files.files))
	}
	if names, _ := filepath.Glob(filepath.Join(files.dir, "*")); len(names) > 0 {
		t.Errorf("the directory shows %s", strings.Join(names, " "))
	}
}
