package bench_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// bench is a run of the standard set.
type bench struct {
	t *testing.T
	sizes
	begun    time.Time
	rows     []row
	facts    []fact
	tables   []string
	profiles []string
	// profiling is set while what is measured is profiled.
	profiling *profiling
}

// row is a line of the table of marks.
type row struct {
	what, figure, limit string
	// ratio is what is compared with the mark; atMost is set for those that are to be small.
	ratio  ratio
	mark   float64
	atMost bool
}

// met reports whether the row reaches its mark.
func (r *row) met() bool {
	if r.atMost {
		return r.ratio.median <= r.mark
	}
	return r.ratio.median >= r.mark
}

// fact is a limit of the machine.
type fact struct{ what, figure string }

// ratio is the median of several rounds, and between what they were.
type ratio struct{ median, least, most float64 }

// ratios divides round by round.
func ratios(a, b []float64) ratio {
	var all []float64
	for i := range a {
		all = append(all, a[i]/b[i])
	}
	return spread(all)
}

func spread(all []float64) ratio { return ratio{median(all), slices.Min(all), slices.Max(all)} }

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// add adds a row of the table, and shows it at once.
func (b *bench) add(r row) {
	b.rows = append(b.rows, r)
	b.t.Logf("%s: %s, limit %s, ratio %.2f (%.2f to %.2f), mark %.2f", r.what, r.figure, r.limit, r.ratio.median, r.ratio.least,
		r.ratio.most, r.mark)
}

// limit notes what the machine can do.
func (b *bench) limit(what, format string, args ...any) {
	b.facts = append(b.facts, fact{what, fmt.Sprintf(format, args...)})
	b.t.Logf("%s: "+format, append([]any{what}, args...)...)
}

// results is the text of RESULTS.md.
func (b *bench) results() string {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Measured speed\n\n`make bench` wrote this; `PFSD_BENCH=full make bench` takes the sizes of the marks. All figures of a row are "+
		"of one run, in which\nboth sides took turns, and a ratio is the median of its rounds (least to most).\n\n")
	fmt.Fprintf(&out, "- %s\n- %s, Go %s, %s\n- %s; load of the machine %s at the beginning, %s at the end (1, 5 and 15 minutes)\n",
		machine(), kernel(), strings.TrimPrefix(runtime.Version(), "go"), version(b.t),
		b.begun.UTC().Format("2006-01-02 15:04 UTC"), b.loadAtBegin(), load())
	fmt.Fprintf(&out, "- Large files have %s, the large branch %d files and %d commits, mounts %d small files.\n\n", b.large, b.files, b.commits, b.small)
	out.WriteString("## What the machine can do\n\n| what | |\n|---|---|\n")
	for _, f := range b.facts {
		fmt.Fprintf(&out, "| %s | %s |\n", f.what, f.figure)
	}
	out.WriteString("\n## Marks\n\n| what | measured | limit | ratio | mark | |\n|---|---|---|---|---|---|\n")
	for _, r := range b.rows {
		sign, verdict := "≥", "met"
		if r.atMost {
			sign = "≤"
		}
		if !r.met() {
			verdict = "**not met**"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %.2f (%.2f to %.2f) | %s %g | %s |\n", r.what, r.figure, r.limit, r.ratio.median,
			r.ratio.least, r.ratio.most, sign, r.mark, verdict)
	}
	if text := reasonsText(b.rows); text != "" {
		out.WriteString("\n## What bounds the rows under their mark\n\n" + text)
	}
	for _, table := range b.tables {
		out.WriteString("\n" + table)
	}
	if len(b.profiles) > 0 {
		out.WriteString("\n## Profiles of what is under its mark\n\nProcessor time of the server, by /debug/pprof/profile of its admin listener, or of the core.\n")
	}
	for _, profile := range b.profiles {
		out.WriteString("\n" + profile)
	}
	return out.String()
}

// begunLoad is the load when the program of the tests began.
var begunLoad = load()

func (b *bench) loadAtBegin() string { return begunLoad }

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// machine says what the processors and the memory are.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	var info unix.Sysinfo_t
	_ = unix.Sysinfo(&info)
	return fmt.Sprintf("%d processors (%s), %d GiB of memory", runtime.NumCPU(), model, uint64(info.Totalram)*uint64(info.Unit)>>30)
}

func kernel() string {
	var name unix.Utsname
	_ = unix.Uname(&name)
	return "Linux " + unix.ByteSliceToString(name.Release[:])
}

// version says which commit of the sources this is.
func version(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("git", "log", "-1", "--format=pfsd at %h").Output()
	if err != nil {
		return "pfsd"
	}
	return strings.TrimSpace(string(out))
}

func megabytes(rate float64) string { return fmt.Sprintf("%.0f MB/s", rate/1e6) }

func each(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }
