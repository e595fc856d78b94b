// Package bench_test measures the built program beside what bounds it, in one run on one machine, and compares ratios.
//
// TestStandardSet, which `make bench` runs, writes RESULTS.md. It is skipped unless PFSD_BENCH is set: to 1 for sizes that
// take some minutes, to full for those of the table's marks, with a million files. TestRatios is the gate of each run of the
// tests: few ratios with wide margins, which hold on a busy machine, too.
package bench_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pfsd/integration/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Remove()
	os.Exit(code)
}

// sizes are how much of everything there is in a run.
type sizes struct {
	// rounds is how often the sides of a comparison take turns, and seconds how long each is measured.
	rounds, seconds int
	// large is the size of a large file, as the program takes it, and transfer that of each of many at once.
	large, transfer string
	// files is how many there are in the large branch, commits how many changed one of them.
	files, commits int
	// small is how many small files are made, read and removed in a mount.
	small int
	// curve has the numbers of files of the branches whose history is measured.
	curve []int
}

func chosenSizes() sizes {
	if os.Getenv("PFSD_BENCH") == "full" {
		return sizes{rounds: 3, seconds: 2, large: "1GiB", transfer: "1GiB", files: 1_000_000, commits: 100_000, small: 10_000,
			curve: []int{1_000, 10_000, 100_000, 1_000_000}}
	}
	return sizes{rounds: 3, seconds: 2, large: "1GiB", transfer: "128MiB", files: 100_000, commits: 10_000, small: 10_000,
		curve: []int{1_000, 10_000, 100_000}}
}

// TestStandardSet measures everything and writes RESULTS.md. PFSD_BENCH_ONLY names sections that alone are measured, and
// printed, separated by commas.
func TestStandardSet(t *testing.T) {
	if os.Getenv("PFSD_BENCH") == "" {
		t.Skip("takes half an hour, and the machine for itself: make bench")
	}
	touchMemory(t)
	b := &bench{t: t, sizes: chosenSizes(), begun: time.Now()}
	only := os.Getenv("PFSD_BENCH_ONLY")
	for _, section := range []struct {
		name string
		run  func(*bench)
	}{
		{"limits", (*bench).limits}, {"s3", (*bench).s3}, {"core", (*bench).core}, {"mount", (*bench).mount}, {"tree", (*bench).tree},
		{"branch", (*bench).branch}, {"curve", (*bench).curves}, {"delta", (*bench).delta}, {"memory", (*bench).memory},
	} {
		if only == "" || strings.Contains(","+only+",", ","+section.name+",") {
			t.Run(section.name, func(t *testing.T) {
				within := *b
				within.t = t
				section.run(&within)
				b.rows, b.facts, b.tables, b.profiles = within.rows, within.facts, within.tables, within.profiles
			})
		}
	}
	results := b.results()
	if only != "" || t.Failed() {
		t.Log("\n" + results)
		return
	}
	if err := os.WriteFile("RESULTS.md", []byte(results), 0o644); err != nil {
		t.Fatal(err)
	}
}

// touchMemory uses most of the free memory once. A virtual machine is given each page by its host when that is first touched,
// for many times what it costs later, which would else be counted to whoever comes first.
func touchMemory(t *testing.T) {
	t.Helper()
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		t.Fatal(err)
	}
	size := int(uint64(info.Freeram) * uint64(info.Unit) / 10 * 8)
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Munmap(memory); err != nil {
		t.Fatal(err)
	}
}
