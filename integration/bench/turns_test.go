package bench_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pfsd/integration/harness"
)

// result is what `pfsd bench --json` says of a load.
type result struct {
	Name           string  `json:"name"`
	PerSecond      float64 `json:"per_second"`
	BytesPerSecond float64 `json:"bytes_per_second"`
	P50            float64 `json:"p50_us"`
}

// run runs one load of pfsd bench.
func (b *bench) run(s *harness.Store, args ...string) result {
	b.t.Helper()
	return b.runAll(s, args...)[0]
}

// runAll runs loads of pfsd bench.
func (b *bench) runAll(s *harness.Store, args ...string) []result {
	b.t.Helper()
	var results []result
	flags := []string{"bench", args[0], "--json"}
	s.In(b.t).PfsdJSON(&results, append(append(flags, b.profiling.flags()...), args[1:]...)...)
	return results
}

// profiling says that what is measured now is profiled, into a file: the server at the URL admin, or a core that is measured by
// itself, where that is empty.
type profiling struct{ admin, file string }

// flags are those of pfsd bench for a profile, none without one.
func (p *profiling) flags() []string {
	switch {
	case p == nil:
		return nil
	case p.admin == "":
		return []string{"--profile=" + p.file}
	}
	return []string{"--admin=" + p.admin, "--profile=" + p.file}
}

// duration is the flag for how long a load is measured.
func (b *bench) duration() string { return fmt.Sprintf("--duration=%ds", b.seconds) }

// turns has each side measured once in every round, and returns the figures by side.
func (b *bench) turns(sides ...func() float64) [][]float64 {
	b.t.Helper()
	figures := make([][]float64, len(sides))
	for range b.rounds {
		for i, side := range sides {
			figures[i] = append(figures[i], side())
		}
	}
	return figures
}

// bytesOf and itemsOf are sides that run a load.
func (b *bench) bytesOf(s *harness.Store, args ...string) func() float64 {
	return func() float64 { b.t.Helper(); return b.run(s, args...).BytesPerSecond }
}

func (b *bench) itemsOf(s *harness.Store, args ...string) func() float64 {
	return func() float64 { b.t.Helper(); return b.run(s, args...).PerSecond }
}

// compare measures a side, its limit and what else there is in turns, adds the row, and returns the figures by side. A row
// under its mark is measured once more, with a profile of the server at admin, unless that is empty.
func (b *bench) compare(
	what string, mark float64, unit func(float64) string, admin string, side, limit func() float64, others ...func() float64,
) [][]float64 {
	b.t.Helper()
	f := b.turns(append([]func() float64{side, limit}, others...)...)
	r := row{what: what, figure: unit(median(f[0])), limit: unit(median(f[1])), ratio: ratios(f[0], f[1]), mark: mark}
	b.add(r)
	if !r.met() && admin != "" {
		b.profile(what, admin, side)
	}
	return f
}

// adminOf returns the URL of the admin listener of a door that is ready.
func (b *bench) adminOf(p *harness.Process) string {
	b.t.Helper()
	return strings.TrimPrefix(p.Ready(), "ready admin ")
}

// profile runs side once more, with a profile of the server at admin while it is measured, or of the core if that is empty.
func (b *bench) profile(what, admin string, side func() float64) {
	b.t.Helper()
	b.profiling = &profiling{admin: admin, file: filepath.Join(b.t.TempDir(), "profile")}
	file := b.profiling.file
	side()
	b.profiling = nil
	s := harness.New(b.t)
	top := s.Run(s.Command("go", "tool", "pprof", "-top", "-nodecount=16", harness.Binary(b.t), file))
	if _, rest, ok := strings.Cut(top, "Showing nodes"); ok {
		top = "Showing nodes" + rest
	}
	b.profiles = append(b.profiles, "### "+what+"\n\n```\n"+strings.TrimSpace(top)+"\n```\n")
}

// download saves the profile of a second.
func (p *profiling) download() error {
	client := http.Client{Timeout: time.Minute}
	response, err := client.Get(p.admin + "/debug/pprof/profile?seconds=1")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", p.admin, response.Status)
	}
	return os.WriteFile(p.file, data, 0o600)
}
