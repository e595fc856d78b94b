package bench_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// TestRatios is the gate: what the program costs in processor time, beside what a plain program costs for the same, by ratios
// with wide margins. Processor time is what a busy machine leaves as it is, nearly; each ratio may be missed twice all the
// same. What is slow for waiting shows in RESULTS.md alone.
func TestRatios(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "bench")
	door := s.S3()
	plain := s.Start("bench", "reference", "--addr=127.0.0.1:0", s.Dir)
	url := strings.TrimPrefix(plain.Ready(), "ready ")
	mount := s.Mount("master.bench")
	loopback, looped := example(t, s, "loopback")
	g := gate{t: t, s: s}

	// The host of the store does all of its work, whoever owns a door.
	s3 := func(p int, url string, args ...string) side {
		return side{p, append([]string{"s3", "--endpoint", url, "--bucket=master.bench", "--duration=0"}, args...)}
	}
	ours := func(args ...string) side { return s3(door.PID(), door.URL, args...) }
	theirs := func(args ...string) side { return s3(plain.PID(), url, args...) }
	large := []string{"--workers=1", "--size=32MiB", "--objects=1", "--count=24", "get"}
	g.atMost(3.5, "GET of 32 MiB, to sendfile", ours(large...), theirs(large...))
	small := []string{"--workers=8", "--size=64KiB", "--objects=50", "--count=2000", "get"}
	g.atMost(4, "GET of 64 KiB, to sendfile", ours(small...), theirs(small...))
	put := []string{"--workers=8", "--size=4KiB", "--count=1000", "put"}
	g.atMost(4, "PUT of 4 KiB, to a file with fsync", ours(put...), theirs(put...))
	many := filepath.Join(s.Dir, "many")
	s.Run(s.Command("bash", "-c", fmt.Sprintf("mkdir %q && cd %[1]q && touch file-{1..1000}", many)))
	s.Pfsd("put", many, "bench:/many")
	g.atMost(40, "a page of a listing, to a GET of 64 KiB",
		ours("--workers=1", "--prefix=many/", "--count=400", "list"),
		theirs("--workers=1", "--size=64KiB", "--objects=1", "--count=400", "get"))
	files := func(load string) []string { return []string{"--files=1000", "--count=1000", "--duration=0", load} }
	for load, most := range map[string]float64{"create": 4, "remove": 4} {
		g.atMost(most, load+" of small files in a mount, to loopback",
			side{door.PID(), append([]string{"mount", mount.Dir}, files(load)...)},
			side{loopback, append([]string{"mount", looped}, files(load)...)})
	}
}

// gate compares sides.
type gate struct {
	t *testing.T
	s *harness.Store
}

// side is a load of pfsd bench, and the process whose time it takes.
type side struct {
	pid  int
	args []string
}

// atMost fails the test unless side a takes at most so many times the processor time of b, in one of three tries.
func (g *gate) atMost(most float64, what string, a, b side) {
	g.t.Helper()
	var tries []string
	for range 3 {
		// The clock of processor time has ticks of 10 ms; half of one keeps a quotient from being none.
		ratio := (g.cost(a) + 0.5) / (g.cost(b) + 0.5)
		if tries = append(tries, fmt.Sprintf("%.2f", ratio)); ratio <= most {
			g.t.Logf("%s: %s times the processor time, at most %g", what, strings.Join(tries, ", then "), most)
			return
		}
	}
	g.t.Errorf("%s: %s times the processor time, at most %g", what, strings.Join(tries, ", then "), most)
}

// cost runs a side and returns how many ticks of processor time its process took meanwhile.
func (g *gate) cost(s side) float64 {
	g.t.Helper()
	before := ticks(g.t, s.pid)
	g.s.Pfsd(append([]string{"bench", s.args[0], "--json"}, s.args[1:]...)...)
	return ticks(g.t, s.pid) - before
}

// ticks returns the processor time that a process has taken, of its own and in the kernel.
func ticks(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	// The name of the program, in parentheses, may have anything in it.
	fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	total := 0.0
	for _, field := range fields[11:13] {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	return total
}
