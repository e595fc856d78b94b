package bench_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// treeFiles is how many files of a source tree are unpacked.
const treeFiles = 4000

// besideLoopback is what is before the rows of its table.
const besideLoopback = `## Beside loopback

The same loads on go-fuse's loopback, which passes each request on to the local file system, in the same turns: its part of
the local file system's rate. Reads and writes do not come to loopback where the kernel has FUSE passthrough, as for root: the
kernel reads the local file itself, which it cannot do for pfsd, where a file is in many packs.

| what | pfsd | loopback |
|---|---|---|
`

// mount measures a mount beside the local file system that has its store, and beside go-fuse's examples.
func (b *bench) mount() {
	s := harness.New(b.t)
	s.Pfsd("repo", "create", "bench")
	mount := s.Mount("master.bench", "--admin=127.0.0.1:0")
	admin := b.adminOf(mount.Process)
	_, loopback := example(b.t, s, "loopback")
	_, memfs := example(b.t, s, "memfs")
	dirs := []string{mount.Dir, filepath.Join(s.Dir, "local"), loopback, memfs}
	if err := os.Mkdir(dirs[1], 0o755); err != nil {
		b.t.Fatal(err)
	}
	on := func(dir string, args ...string) []string { return append([]string{"mount", dir}, args...) }
	table := besideLoopback
	beside := func(what string, mark float64, unit func(float64) string, side func(dir string) func() float64) {
		f := b.compare("mount: "+what+"; local", mark, unit, admin, side(dirs[0]), side(dirs[1]), side(dirs[2]))
		table += fmt.Sprintf("| %s | %.2f | %.2f |\n", what, ratios(f[0], f[1]).median, ratios(f[2], f[1]).median)
	}
	bytes := func(what string, mark float64, args ...string) {
		beside(what, mark, megabytes, func(dir string) func() float64 { return b.bytesOf(s, on(dir, args...)...) })
	}
	items := func(what string, mark float64, args ...string) {
		beside(what, mark, each, func(dir string) func() float64 { return b.itemsOf(s, on(dir, args...)...) })
	}
	large, small := "--size="+b.large, fmt.Sprint("--files=", b.small)
	once, files := []string{"--count=1", "--duration=0"}, []string{small, fmt.Sprint("--count=", b.small), "--duration=0"}
	bytes("sequential read, cold", 0.8, append(once, large, "--cold", "read")...)
	bytes("sequential read, warm", 0.95, large, "--count=4", "--duration=0", "read")
	bytes("sequential write of "+b.large+" and fsync", 0.7, append(once, large, "write")...)
	items("random 4 KiB read, warm", 0.9, large, b.duration(), "random-read")
	items("random 4 KiB read, cold", 0.6, large, b.duration(), "--cold", "random-read")
	items("`ls -lR`, second time", 0.5, small, b.duration(), "walk")
	items(fmt.Sprintf("%d small files read cold", b.small), 0.5, append(files, "--cold", "read-small")...)
	b.tables = append(b.tables, table)
	b.against(s, dirs, admin, fmt.Sprintf("create %d files of 4 KiB", b.small), []float64{1, 1}, func(dir string) func() float64 {
		return b.itemsOf(s, on(dir, append(files, "create")...)...)
	})
	archive := tree(b.t, s, treeFiles)
	b.against(s, dirs, admin, fmt.Sprintf("untar %d source files", treeFiles), []float64{1, 1}, func(dir string) func() float64 {
		return func() float64 { return treeFiles / b.untar(s, archive, dir).Seconds() }
	})
	b.against(s, dirs, admin, fmt.Sprintf("remove %d files", b.small), []float64{2, 0.5}, func(dir string) func() float64 {
		return b.itemsOf(s, on(dir, append(files, "remove")...)...)
	})
	b.overwrite(s, mount)
}

// against compares the mount with the local file system, which has no mark, and with loopback and memfs, which have those
// of marks.
func (b *bench) against(s *harness.Store, dirs []string, admin, what string, marks []float64, side func(dir string) func() float64) {
	b.t.Helper()
	f := b.turns(side(dirs[0]), side(dirs[1]), side(dirs[2]), side(dirs[3]))
	b.limit(what+", local file system", "%s", each(median(f[1])))
	missed := false
	for i, name := range []string{"loopback", "memfs"} {
		r := row{what: "mount: " + what + "; " + name, figure: each(median(f[0])), limit: each(median(f[i+2])),
			ratio: ratios(f[0], f[i+2]), mark: marks[i]}
		b.add(r)
		missed = missed || !r.met()
	}
	if missed {
		b.profile("mount: "+what, admin, side(dirs[0]))
	}
}

// untar unpacks an archive into a new directory in dir, removes that, and returns how long the first took.
func (b *bench) untar(s *harness.Store, archive, dir string) time.Duration {
	b.t.Helper()
	to, err := os.MkdirTemp(dir, "untar-")
	if err != nil {
		b.t.Fatal(err)
	}
	profiled := make(chan error, 1)
	if b.profiling != nil {
		go func() { profiled <- b.profiling.download() }()
	} else {
		profiled <- nil
	}
	begun := time.Now()
	s.Run(s.Command("tar", "-xf", archive, "-C", to))
	took := time.Since(begun)
	if err := <-profiled; err != nil {
		b.t.Fatal(err)
	}
	if err := os.RemoveAll(to); err != nil {
		b.t.Fatal(err)
	}
	return took
}

// overwritten is the size of the files of which one byte is changed.
const overwritten = 10 << 30

// overwrite changes a byte in the middle of huge files, through the mount, and times it from open to close: one of zeros, one
// that repeats 64 KiB, and one whose GiB of noise is there ten times.
func (b *bench) overwrite(s *harness.Store, mount *harness.Mount) {
	b.t.Helper()
	for _, kind := range []string{"zeros", "a repeated 64 KiB", "noise"} {
		name := b.huge(s, mount, kind)
		var times []float64
		for i := range b.rounds {
			times = append(times, b.overwriteOne(name, int64(overwritten/2+i*99_999_999+12345)))
		}
		ms := spread(times)
		b.add(row{what: "mount: one byte changed in 10 GiB of " + kind + ", to close", figure: fmt.Sprintf("%.1f ms", ms.median),
			limit: "100 ms", ratio: ratio{ms.median / 100, ms.least / 100, ms.most / 100}, mark: 1, atMost: true})
		if err := os.Remove(name); err != nil {
			b.t.Fatal(err)
		}
	}
}

// overwriteOne returns how many milliseconds it takes to change the byte at off.
func (b *bench) overwriteOne(name string, off int64) float64 {
	b.t.Helper()
	begun := time.Now()
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte{1}, off); err != nil {
		b.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.t.Fatal(err)
	}
	return float64(time.Since(begun)) / float64(time.Millisecond)
}

// huge makes a file of the size overwritten in the mount, ten times the same tenth, which S3 puts together.
func (b *bench) huge(s *harness.Store, mount *harness.Mount, kind string) string {
	b.t.Helper()
	name := mount.Path("huge")
	if kind == "zeros" {
		file, err := os.Create(name)
		if err != nil {
			b.t.Fatal(err)
		}
		if err := errors.Join(file.Truncate(overwritten), file.Close()); err != nil {
			b.t.Fatal(err)
		}
		return name
	}
	b.tenth(mount.Path("tenth"), kind == "noise")
	door := s.S3()
	defer door.Stop()
	client := door.Client(b.t)
	id, err := client.NewMultipartUpload(b.t.Context(), "master.bench", "huge", minio.PutObjectOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	var parts []minio.CompletePart
	for number := 1; number <= 10; number++ {
		part, err := client.CopyObjectPart(b.t.Context(), "master.bench", "tenth", "master.bench", "huge", id, number, 0, -1, nil)
		if err != nil {
			b.t.Fatal(err)
		}
		parts = append(parts, part)
	}
	if _, err := client.CompleteMultipartUpload(b.t.Context(), "master.bench", "huge", id, parts, minio.PutObjectOptions{}); err != nil {
		b.t.Fatal(err)
	}
	return name
}

// tenth writes a file of a tenth of the size: noise, or the same 64 KiB again and again.
func (b *bench) tenth(name string, noise bool) {
	b.t.Helper()
	file, err := os.Create(name)
	if err != nil {
		b.t.Fatal(err)
	}
	bytes := harness.Noise(7, overwritten/10)
	if block := harness.Bytes(7, 64<<10); !noise {
		bytes = io.LimitReader(repeated(block), overwritten/10)
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, bytes, make([]byte, 1<<20))
	if err := errors.Join(err, file.Close()); err != nil {
		b.t.Fatal(err)
	}
}

// repeated is a reader of the same block for ever.
type repeated []byte

func (r repeated) Read(p []byte) (int, error) { return copy(p, r), nil }
