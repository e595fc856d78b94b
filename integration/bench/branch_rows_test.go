package bench_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"

	"pfsd/integration/harness"
)

// branch measures a branch of many files and commits: its listing, and how long a start takes.
func (b *bench) branch() {
	s := harness.New(b.t)
	s.Pfsd("repo", "create", "bench")
	b.fill(s)
	door := s.S3("--admin=127.0.0.1:0")
	list := func(prefix string) func() result {
		return func() result {
			return b.run(s, "s3", "--endpoint", door.URL, "--bucket=master.bench", "--prefix="+prefix, "--workers=1", b.duration(), "list")
		}
	}
	var rates, pages []float64
	for range b.rounds {
		rates = append(rates, list("all/")().PerSecond/250_000)
		pages = append(pages, list("all/deep/in/"+directory(b.files/2)+"/")().P50/5000)
	}
	r := row{what: fmt.Sprintf("LIST of %d keys, pages of 1,000, one client", b.files), figure: each(median(rates) * 250_000),
		limit: "250,000/s", ratio: spread(rates), mark: 1}
	b.add(r)
	if !r.met() {
		b.profile(r.what, b.adminOf(door.Process), func() float64 { return list("all/")().PerSecond })
	}
	b.add(row{what: "first page of a directory four levels down", figure: micros(median(pages) * 5000), limit: "5 ms",
		ratio: spread(pages), mark: 1, atMost: true})
	b.starts(s, door)
}

func directory(i int) string { return fmt.Sprintf("dir-%04d", i/1000) }

// fill makes the files, by an archive, and then commits that change some of them.
func (b *bench) fill(s *harness.Store) {
	b.t.Helper()
	r, w := io.Pipe()
	go func() { w.CloseWithError(archiveOf(w, b.files)) }()
	cmd := s.Command(harness.Binary(b.t), "import", "-", "bench:/all/deep/in")
	cmd.Stdin = r
	s.Run(cmd)
	door := s.S3()
	b.run(s, "s3", "--endpoint", door.URL, "--bucket=master.bench", "--workers=64", "--size=64", "--duration=0",
		fmt.Sprint("--count=", b.commits), "put")
	door.Stop()
}

// archiveOf writes a tar archive of so many small files that all have the same bytes.
func archiveOf(w io.Writer, files int) error {
	content := []byte("a small file")
	out := tar.NewWriter(w)
	for i := range files {
		header := &tar.Header{Name: fmt.Sprintf("%s/file-%08d", directory(i), i), Size: int64(len(content)), Mode: 0o644}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(out, bytes.NewReader(content)); err != nil {
			return err
		}
	}
	return out.Close()
}

// starts measures the time from the start of the program to its first answer, after an orderly stop and after a kill, and how
// much memory it then has.
func (b *bench) starts(s *harness.Store, door *harness.S3) {
	b.t.Helper()
	for _, end := range []struct {
		what  string
		end   func()
		limit float64
	}{{"after a stop", func() { door.Stop() }, 300}, {"after a kill", func() { door.Kill() }, 2000}} {
		var times []float64
		for range b.rounds {
			b.write(door)
			end.end()
			begun := time.Now()
			door = s.S3()
			b.answered(door)
			times = append(times, float64(time.Since(begun))/float64(time.Millisecond)/end.limit)
		}
		b.add(row{what: fmt.Sprintf("start to first answer, %d files and %d commits, %s", b.files, b.commits, end.what),
			figure: fmt.Sprintf("%.0f ms", median(times)*end.limit), limit: fmt.Sprintf("%.0f ms", end.limit), ratio: spread(times),
			mark: 1, atMost: true})
	}
	const idle = 64 << 20
	watch := harness.WatchMemory(b.t, door.Process)
	b.answered(door)
	peak := float64(watch.Peak())
	b.add(row{what: fmt.Sprintf("memory, idle with %d files", b.files), figure: mebibytes(peak), limit: mebibytes(idle),
		ratio: spread([]float64{peak / idle}), mark: 1, atMost: true})
	door.Stop()
}

func mebibytes(n float64) string { return fmt.Sprintf("%.0f MiB", n/(1<<20)) }

// write puts an object, so that a stop or a kill has something to end.
func (b *bench) write(door *harness.S3) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPut, door.URL+"/master.bench/started", bytes.NewReader([]byte("x")))
	if err == nil {
		err = b.done(request)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// answered waits for the answer to a read.
func (b *bench) answered(door *harness.S3) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, door.URL+"/master.bench/started", nil)
	if err == nil {
		err = b.done(request)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) done(request *http.Request) error {
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", request.URL, response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// memory watches what the server holds while many clients move large objects at once.
func (b *bench) memory() {
	s := harness.New(b.t)
	door := s.S3()
	const clients, limit = 64, 512 << 20
	for _, load := range []string{"put", "get", "multipart"} {
		s.Pfsd("repo", "create", load)
		watch := harness.WatchMemory(b.t, door.Process)
		b.run(s, "s3", "--endpoint", door.URL, "--bucket=master."+load, fmt.Sprint("--workers=", clients), "--objects=8",
			fmt.Sprint("--count=", clients), "--duration=0", "--size="+b.transfer, load)
		peak := float64(watch.Peak())
		// The next load finds the room on the disk that this one did.
		s.Pfsd("repo", "delete", "--force", load)
		s.Pfsd("gc", "--grace=0s")
		b.add(row{what: fmt.Sprintf("memory, %d clients, %s of %s", clients, load, b.transfer), figure: mebibytes(peak),
			limit: mebibytes(limit), ratio: spread([]float64{peak / limit}), mark: 1, atMost: true})
	}
}
