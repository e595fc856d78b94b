package integration_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/integration/harness"
)

// TestFileExerciser does random operations on one file in a mount and in memory, and compares: written, truncated, read,
// mapped, synced and reopened, across window bounds and holes.
func TestFileExerciser(t *testing.T) {
	operations := 3000
	if harness.Full() {
		operations = 30_000
	}
	s := harness.New(t)
	m := s.Mount("master.file", "--create")
	x := newExerciser(t, m.Path("file"))
	for i := range operations {
		x.step()
		if t.Failed() {
			t.Fatalf("after %d operations; the last ones:\n%s", i+1, strings.Join(x.last, "\n"))
		}
	}
	x.compare(0, len(x.model))
	x.reopen()
	x.compare(0, len(x.model))
	x.file.Close()

	local := s.Dir + "/model"
	if err := os.WriteFile(local, x.model, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := etag(t, s.S3().Client(t), "master.file", "file"), s.B3sum(local); got != want {
		t.Errorf("ETag %s, the model's b3sum %s", got, want)
	}
}

// exerciser is a file and what must be in it.
type exerciser struct {
	t    *testing.T
	path string
	file *os.File
	// model is cut from an array of maxFile bytes, which are zero beyond it.
	model []byte
	rand  *rand.Rand
	last  []string
}

// maxFile spans two bounds between windows.
const maxFile = 40 << 20

func newExerciser(t *testing.T, path string) *exerciser {
	x := &exerciser{t: t, path: path, rand: harness.Rand(harness.Seed(t)), model: make([]byte, 0, maxFile)}
	x.reopen()
	return x
}

func (x *exerciser) note(format string, args ...any) {
	x.last = append(x.last, fmt.Sprintf(format, args...))
	x.last = x.last[max(0, len(x.last)-12):]
}

func (x *exerciser) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatalf("%v; the last operations:\n%s", err, strings.Join(x.last, "\n"))
	}
}

// span returns a range of up to 256 KiB, often at a bound of pages or windows.
func (x *exerciser) span(limit int) (off, n int) {
	off = x.rand.IntN(limit + 1)
	switch x.rand.IntN(4) {
	case 0:
		off &^= 4095
	case 1:
		off = max(0, min(limit, (off&^(16<<20-1))-x.rand.IntN(9000)))
	}
	return off, min(x.rand.IntN(256<<10)+1, limit-off)
}

func (x *exerciser) step() {
	x.t.Helper()
	switch x.rand.IntN(20) {
	case 0:
		x.truncate(x.rand.IntN(maxFile))
	case 1:
		x.truncate(min(maxFile, len(x.model)+x.rand.IntN(100_000)))
	case 2:
		x.reopen()
	case 3:
		x.note("fsync")
		x.must(x.file.Sync())
	case 4, 5, 6:
		off, n := x.span(len(x.model))
		x.note("map read %d at %d", n, off)
		x.mapped(off, n, false)
	case 7, 8:
		off, n := x.span(len(x.model))
		x.note("map write %d at %d", n, off)
		x.mapped(off, n, true)
	case 9, 10, 11, 12, 13:
		off, n := x.span(maxFile)
		x.write(off, n)
	case 14:
		x.write(len(x.model), min(x.rand.IntN(50_000), maxFile-len(x.model)))
	default:
		off, n := x.span(len(x.model))
		x.compare(off, n)
	}
}

func (x *exerciser) write(off, n int) {
	x.t.Helper()
	x.note("write %d at %d", n, off)
	data := harness.Bytes(x.rand.Uint64(), n)
	if x.rand.IntN(5) == 0 {
		clear(data)
	}
	_, err := x.file.WriteAt(data, int64(off))
	x.must(err)
	if n > 0 {
		x.model = x.model[:max(len(x.model), off+n)]
		copy(x.model[off:], data)
	}
}

func (x *exerciser) truncate(size int) {
	x.t.Helper()
	x.note("truncate to %d", size)
	x.must(x.file.Truncate(int64(size)))
	clear(x.model[min(size, len(x.model)):])
	x.model = x.model[:size]
}

func (x *exerciser) reopen() {
	x.t.Helper()
	x.note("reopen")
	if x.file != nil {
		x.must(x.file.Close())
	}
	f, err := os.OpenFile(x.path, os.O_RDWR|os.O_CREATE, 0o644)
	x.must(err)
	x.file = f
	info, err := f.Stat()
	x.must(err)
	if info.Size() != int64(len(x.model)) {
		x.t.Errorf("size %d after reopen, want %d", info.Size(), len(x.model))
	}
}

// compare reads a range.
func (x *exerciser) compare(off, n int) {
	x.t.Helper()
	x.note("read %d at %d", n, off)
	got := make([]byte, n)
	_, err := io.ReadFull(io.NewSectionReader(x.file, int64(off), int64(n)), got)
	x.must(err)
	x.same(off, got)
}

func (x *exerciser) same(off int, got []byte) {
	x.t.Helper()
	want := x.model[off : off+len(got)]
	if bytes.Equal(got, want) {
		return
	}
	for i := range got {
		if got[i] != want[i] {
			x.t.Errorf("byte %d is %#x, want %#x", off+i, got[i], want[i])
			return
		}
	}
}

// mapped reads a range through a shared mapping, or writes it.
func (x *exerciser) mapped(off, n int, write bool) {
	x.t.Helper()
	if n == 0 {
		return
	}
	first := off &^ (os.Getpagesize() - 1)
	area, err := unix.Mmap(int(x.file.Fd()), int64(first), off+n-first, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	x.must(err)
	defer func() { x.must(unix.Munmap(area)) }()
	if !write {
		x.same(off, area[off-first:])
		return
	}
	data := harness.Bytes(x.rand.Uint64(), n)
	copy(area[off-first:], data)
	copy(x.model[off:], data)
	if x.rand.IntN(2) == 0 {
		x.must(unix.Msync(area, unix.MS_SYNC))
	}
}
