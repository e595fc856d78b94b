package bench_test

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"pfsd/integration/harness"
)

// limits measures what the machine can do without us.
func (b *bench) limits() {
	s := harness.New(b.t)
	core := func(args ...string) float64 {
		return median(b.turns(b.bytesOf(s, append([]string{"core", b.duration(), "--dir", s.Dir}, args...)...))[0])
	}
	b.limit("copy in memory, one thread", "%s", megabytes(core("copy")))
	b.limit("BLAKE3, one thread", "%s", megabytes(core("hash")))
	b.limit("file written", "%s", megabytes(core("--size=256MiB", "file")))
	b.limit("file written, and fsync", "%s", megabytes(core("--size=256MiB", "file-sync")))
	files := func(load string) float64 {
		return median(b.turns(b.itemsOf(s, "mount", b.duration(), fmt.Sprint("--files=", b.small), s.Dir, load))[0])
	}
	for _, load := range []string{"create", "stat", "read-small", "remove"} {
		b.limit("small files of the local file system: "+load, "%s", each(files(load)))
	}
}

// reference starts the server that the S3 rows are measured against, and returns its URL.
func reference(s *harness.Store) string {
	p := s.Start("bench", "reference", "--addr=127.0.0.1:0", s.Dir)
	return strings.TrimPrefix(p.Ready(), "ready ")
}

// s3 measures the endpoint beside plain files over plain HTTP.
func (b *bench) s3() {
	s := harness.New(b.t)
	s.Pfsd("repo", "create", "bench")
	door, plain := s.S3("--admin=127.0.0.1:0"), reference(s)
	admin := b.adminOf(door.Process)
	ours := func(args ...string) []string { return append([]string{"s3", "--endpoint", door.URL}, args...) }
	theirs := func(args ...string) []string { return append([]string{"s3", "--endpoint", plain}, args...) }
	large := []string{"--size=" + b.large, "--objects=1", "--workers=1", b.duration()}
	small := []string{"--size=64KiB", "--objects=500", "--workers=32", b.duration()}
	once := []string{"--size=" + b.large, "--workers=1", "--count=1", "--duration=0"}
	tiny := func(workers int) []string {
		return []string{"--size=4KiB", fmt.Sprint("--workers=", workers), b.duration(), "put"}
	}
	with := func(args []string, load string) []string { return append(append([]string{}, args...), load) }

	b.limit("HTTP GET of "+b.large+" by sendfile, one client", "%s", megabytes(b.bytesOf(s, theirs(with(large, "get")...)...)()))
	b.limit("HTTP, empty handler, 32 clients", "%s", each(b.itemsOf(s, theirs(with(small, "empty")...)...)()))

	b.compare("GET of "+b.large+", warm, one client; sendfile", 0.9, megabytes, admin,
		b.bytesOf(s, ours(with(large, "get")...)...), b.bytesOf(s, theirs(with(large, "get")...)...))
	b.compare("GET of 64 KiB, 32 clients; empty handler", 0.7, each, admin,
		b.itemsOf(s, ours(with(small, "get")...)...), b.itemsOf(s, theirs(with(small, "empty")...)...))
	b.compare("GET of 64 KiB, 32 clients; a file by sendfile", 0.7, each, "",
		b.itemsOf(s, ours(with(small, "get")...)...), b.itemsOf(s, theirs(with(small, "get")...)...))
	b.compare("PUT of "+b.large+", new bytes; file and fsync", 0.8, megabytes, admin,
		b.bytesOf(s, ours(with(once, "put")...)...),
		b.bytesOf(s, "core", "--size="+b.large, "--count=1", "--duration=0", "--dir", s.Dir, "file-sync"))
	b.compare("PUT of "+b.large+", new bytes; PUT into a file and fsync", 0.8, megabytes, "",
		b.bytesOf(s, ours(with(once, "put")...)...), b.bytesOf(s, theirs(with(once, "put")...)...))
	b.compare("PUT of "+b.large+" already stored; chunk and hash", 0.8, megabytes, admin,
		b.bytesOf(s, ours(with(once, "again")...)...), b.chunkAndHash(s))
	b.compare("PUT of "+b.large+" already stored, for a second of processor time in the server; ingest on one processor", 0.8, megabytes, "",
		b.perProcessor(door.Process, func(count int) {
			b.run(s, ours("--size="+b.large, "--workers=1", "--duration=0", fmt.Sprint("--count=", count), "again")...)
		}), b.onOneProcessor(s, "ingest-again"))
	b.compare("PUT of 4 KiB, one client; write and fsync", 0.6, each, admin,
		b.itemsOf(s, ours(tiny(1)...)...), b.itemsOf(s, theirs(tiny(1)...)...))
	b.compare("PUT of 4 KiB, 64 clients; write and fsync", 1, each, "",
		b.itemsOf(s, ours(tiny(64)...)...), b.itemsOf(s, theirs(tiny(64)...)...))
	b.profile("PUT of 4 KiB, 64 clients", admin, b.itemsOf(s, ours(tiny(64)...)...))
}

// perProcessor is how many bytes of a large object, put again so many times after it was new, p works through in a second of
// its processor time, leaving aside what the kernel takes to bring them. The first times are taken off by the difference of
// two runs.
func (b *bench) perProcessor(p *harness.Process, again func(times int)) func() float64 {
	size, err := humanize.ParseBytes(b.large)
	if err != nil {
		b.t.Fatal(err)
	}
	cost := func(times int) float64 {
		before := p.UserTime()
		again(times)
		return (p.UserTime() - before).Seconds()
	}
	return func() float64 {
		const more = 3
		once := cost(1)
		return more * float64(size) / (cost(1+more) - once)
	}
}

// chunkAndHash is how fast one thread cuts bytes into chunks, and then hashes them.
func (b *bench) chunkAndHash(s *harness.Store) func() float64 {
	return func() float64 {
		r := b.runAll(s, "core", "--dir", s.Dir, "--duration=1s", "chunk", "hash")
		return 1 / (1/r[0].BytesPerSecond + 1/r[1].BytesPerSecond)
	}
}
