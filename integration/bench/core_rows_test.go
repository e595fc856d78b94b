package bench_test

import (
	"fmt"
	"strings"

	"pfsd/integration/harness"
)

// core measures what becomes of bytes, on one processor.
func (b *bench) core() {
	s := harness.New(b.t)
	const gigabyte = 1e9
	f := b.turns(b.onOneProcessor(s, "ingest-again"), b.onOneProcessor(s, "chunk"), b.onOneProcessor(s, "hash"))
	var part []float64
	for i := range f[0] {
		part = append(part, f[0][i]/gigabyte)
	}
	r := row{what: "ingest on one processor (chunk, hash of chunks and file, look up)", figure: megabytes(median(f[0])),
		limit: fmt.Sprintf("1000 MB/s; to chunk alone %s, to hash once %s", megabytes(median(f[1])), megabytes(median(f[2]))),
		ratio: spread(part), mark: 1}
	b.add(r)
	if !r.met() {
		b.profile(r.what, "", b.onOneProcessor(s, "ingest-again"))
	}
}

// onOneProcessor is a side that runs a load of the core on one processor.
func (b *bench) onOneProcessor(s *harness.Store, load string) func() float64 {
	return func() float64 {
		flags := append(b.profiling.flags(), "--json", "--size=256MiB", b.duration(), "--dir", s.Dir, load)
		cmd := s.Command(harness.Binary(b.t), append([]string{"bench", "core"}, flags...)...)
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
		var results []result
		decode(b.t, s.Run(cmd), &results)
		return results[0].BytesPerSecond
	}
}

// history are the loads whose time must not depend on how much is around them, with what they do.
var history = []struct{ load, what string }{
	{"page", "first 1,000 files of some directory"}, {"log", "commits that changed one file"}, {"versions", "versions of one file"},
	{"diff", "last commit and the one before"}, {"branch", "branch made and deleted"}, {"copy-dir", "directory of 1,000 files copied"},
	{"rename-dir", "directory of 1,000 files renamed"}, {"link", "one more PUT"},
}

// The most that an operation may take longer in the largest branch than in the smallest: logarithmic is 1.7 for a hundred
// times and 2 for a thousand times the files, and what is read has ceased to fit the processor's caches. A PUT has a mark of
// its own.
const (
	curveMark = 3
	putMark   = 1.3
)

// curves measures the same operations in branches of very different sizes.
func (b *bench) curves() {
	s := harness.New(b.t)
	loads := make([]string, len(history))
	for i, h := range history {
		loads[i] = h.load
	}
	times := map[string][]float64{}
	among := func(files int, loads ...string) []result {
		args := []string{"core", "--dir", s.Dir, "--duration=1s", fmt.Sprint("--files=", files), fmt.Sprint("--commits=", files/10)}
		return b.runAll(s, append(args, loads...)...)
	}
	for _, files := range b.curve {
		all := map[string][]float64{}
		for range b.rounds {
			for _, r := range among(files, loads...) {
				all[r.Name] = append(all[r.Name], r.P50)
			}
		}
		for name, p50 := range all {
			times[name] = append(times[name], median(p50))
		}
	}
	b.tables = append(b.tables, b.curveTable(times))
	last := len(b.curve) - 1
	for _, h := range history {
		mark := float64(curveMark)
		if h.load == "link" {
			mark = putMark
		}
		factor := times[h.load][last] / times[h.load][0]
		r := row{what: fmt.Sprintf("%s, among %d files, not %d", h.what, b.curve[last], b.curve[0]), figure: micros(times[h.load][last]),
			limit: micros(times[h.load][0]), ratio: ratio{factor, factor, factor}, mark: mark, atMost: true}
		b.add(r)
		if !r.met() {
			b.profile(r.what, "", func() float64 { return among(b.curve[last], h.load)[0].P50 })
		}
	}
}

func micros(us float64) string {
	if us < 1000 {
		return fmt.Sprintf("%.0f µs", us)
	}
	return fmt.Sprintf("%.2f ms", us/1000)
}

func (b *bench) curveTable(times map[string][]float64) string {
	var out strings.Builder
	out.WriteString("## Curves\n\nMedian time in a branch of so many files, with a commit to ten of them.\n\n| |")
	for _, files := range b.curve {
		fmt.Fprintf(&out, " %d |", files)
	}
	out.WriteString("\n|---|" + strings.Repeat("---|", len(b.curve)) + "\n")
	for _, h := range history {
		fmt.Fprintf(&out, "| %s |", h.what)
		for _, us := range times[h.load] {
			fmt.Fprintf(&out, " %s |", micros(us))
		}
		out.WriteString("\n")
	}
	return out.String()
}
