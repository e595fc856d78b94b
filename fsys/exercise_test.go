package fsys_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"lukechampine.com/blake3"
)

var (
	exerciseSeed = flag.Uint64("seed", 0, "seed of the exerciser; 0 takes the time")
	exerciseOps  = flag.Int("ops", 600, "number of operations of the exerciser")
)

// exerciseFor returns the seed and the number of operations: those asked for, 100,000 with PFSD_TEST_FULL set. It prints them.
func exerciseFor(t *testing.T) (seed uint64, ops int) {
	seed, ops = *exerciseSeed, *exerciseOps
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	if os.Getenv("PFSD_TEST_FULL") != "" {
		ops = 100_000
	}
	t.Logf("replay with -seed %d -ops %d", seed, ops)
	return seed, ops
}

// TestExercise does random things to a file in the mount and to a model of it in memory.
func TestExercise(t *testing.T) {
	f := newFixture(t)
	seed, ops := exerciseFor(t)
	x := &exercise{
		fixture: f, rand: rand.New(rand.NewPCG(seed, 2)), noise: rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}),
		name: filepath.Join(f.dir, "file"),
	}
	x.open(os.O_CREATE | os.O_EXCL)
	defer func() { x.file.Close() }()
	for range ops {
		x.n++
		x.step()
		if t.Failed() {
			return
		}
	}
	x.compare()
}

// maxExercise is the size of the file at most: some windows of 16 MiB.
const maxExercise = 40 << 20

type exercise struct {
	*fixture
	rand *rand.Rand
	// noise gives bytes faster than rand does.
	noise *rand.ChaCha8
	name  string
	file  *os.File
	want  []byte
	n     int
	last  string
}

func (x *exercise) check(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatalf("step %d, %s: %v", x.n, x.last, err)
	}
}

func (x *exercise) open(flags int) {
	file, err := os.OpenFile(x.name, os.O_RDWR|flags, 0o644)
	x.check(err)
	x.file = file
}

// span returns a random range of the file, or a bit behind it; most are small.
func (x *exercise) span() (off, n int64) {
	off = x.rand.Int64N(int64(len(x.want)) + 100_000)
	switch x.rand.IntN(10) {
	case 0:
		n = x.rand.Int64N(8 << 20)
	case 1, 2, 3:
		n = x.rand.Int64N(300 << 10)
	default:
		n = x.rand.Int64N(5000)
	}
	if x.rand.IntN(4) == 0 {
		off &^= 4095
		n = (n + 4095) &^ 4095
	}
	return off, max(min(n, maxExercise-off), 1)
}

// grow makes the model at least n bytes long.
func (x *exercise) grow(n int64) {
	if n > int64(len(x.want)) {
		x.want = append(x.want, make([]byte, n-int64(len(x.want)))...)
	}
}

func (x *exercise) bytes(n int64) []byte {
	p := make([]byte, n)
	if x.rand.IntN(5) == 0 {
		return p // Zeros, which are stored as holes.
	}
	_, _ = x.noise.Read(p) // It never fails.
	return p
}

func (x *exercise) step() {
	off, n := x.span()
	if off >= maxExercise {
		off, n = 0, 100
	}
	switch x.rand.IntN(13) {
	case 0, 1, 2, 3:
		x.last = "write"
		p := x.bytes(n)
		_, err := x.file.WriteAt(p, off)
		x.check(err)
		x.grow(off + n)
		copy(x.want[off:], p)
	case 4:
		x.last = "truncate"
		size := min(off+x.rand.Int64N(3000), maxExercise)
		x.check(x.file.Truncate(size))
		x.grow(size)
		x.want = x.want[:size]
	case 5:
		x.last = "punch"
		x.check(unix.Fallocate(int(x.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n))
		if off < int64(len(x.want)) {
			clear(x.want[off:min(off+n, int64(len(x.want)))])
		}
	case 6:
		x.last = "zero range"
		x.check(unix.Fallocate(int(x.file.Fd()), unix.FALLOC_FL_ZERO_RANGE, off, n))
		x.grow(off + n)
		clear(x.want[off : off+n])
	case 7:
		x.last = "map"
		x.mapWrite(off, n)
	case 8:
		x.last = "fsync"
		x.check(x.file.Sync())
	case 9:
		x.last = "reopen"
		x.check(x.file.Close())
		x.open(0)
	case 10:
		x.last = "compare"
		x.compare()
	default:
		x.last = "read"
		x.read(off, n)
	}
}

// mapWrite writes through a shared mapping.
func (x *exercise) mapWrite(off, n int64) {
	if off += n; off > int64(len(x.want)) || len(x.want) == 0 {
		return
	}
	off -= n
	mem, err := unix.Mmap(int(x.file.Fd()), 0, len(x.want), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	x.check(err)
	p := x.bytes(n)
	copy(mem[off:], p)
	copy(x.want[off:], p)
	if x.rand.IntN(2) == 0 {
		x.check(unix.Msync(mem, unix.MS_SYNC))
	}
	x.check(unix.Munmap(mem))
}

// read compares a range.
func (x *exercise) read(off, n int64) {
	if off >= int64(len(x.want)) {
		return
	}
	want := x.want[off:min(off+n, int64(len(x.want)))]
	got := make([]byte, len(want))
	_, err := x.file.ReadAt(got, off)
	x.check(err)
	if !bytes.Equal(got, want) {
		x.t.Errorf("step %d: wrong bytes in [%d, %d)", x.n, off, off+n)
	}
}

// compare compares the whole file, through the mount and, when it is linked, through the core.
func (x *exercise) compare() {
	x.t.Helper()
	got, err := os.ReadFile(x.name)
	x.check(err)
	if !bytes.Equal(got, x.want) {
		i := 0
		for i < min(len(got), len(x.want)) && got[i] == x.want[i] {
			i++
		}
		x.t.Fatalf("step %d: %d bytes, want %d; the first wrong one is at %d", x.n, len(got), len(x.want), i)
	}
	x.check(x.file.Sync())
	var read, etag string
	x.call("Sum", File{Ref: branch, Path: "file"}, &read)
	x.call("ETag", File{Ref: branch, Path: "file"}, &etag)
	sum := blake3.Sum256(x.want)
	if want := hex.EncodeToString(sum[:]); read != want || etag != want {
		x.t.Fatalf("step %d: the core has bytes of hash %s and says %s; want %s", x.n, read, etag, want)
	}
}
