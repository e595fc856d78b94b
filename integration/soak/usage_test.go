package soak_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pfsd/integration/harness"
)

const (
	// memoryLimit is what the server may have for itself at any time.
	memoryLimit = 400 << 20
	// packFiles is how many packs may be open: 256 for reading, and those that are written. Below that they may grow, as
	// a store that gets larger has more packs.
	packFiles = 256 + 32
)

// sample is what a process has at an instant: memory that is its own, objects that are in use, goroutines, open packs and other
// open files. Only the memory depends on when the process last collected its garbage by itself.
type sample struct {
	memory, live, goroutines, packs, files int64
}

// usage is what a process has had over time.
type usage struct {
	done    sync.WaitGroup
	samples []sample
	err     error
}

// watch takes a sample every so often until ctx is done.
func watch(ctx context.Context, pid int, admin harness.Admin, every time.Duration) *usage {
	u := &usage{}
	u.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for u.err == nil {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				u.take(pid, admin)
			}
		}
	})
	return u
}

// take takes a sample.
func (u *usage) take(pid int, admin harness.Admin) {
	s := sample{memory: memory(pid)}
	if s.goroutines, u.err = admin.Goroutines(); u.err != nil {
		return
	}
	if s.live, u.err = admin.LiveBytes(); u.err != nil {
		return
	}
	if s.packs, s.files, u.err = openFiles(pid); u.err == nil {
		u.samples = append(u.samples, s)
	}
}

// memory returns how many bytes a process has that are its own.
func memory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "RssAnon:"); found {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// openFiles counts the files that a process has open.
func openFiles(pid int) (packs, others int64, err error) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		name, _ := os.Readlink(filepath.Join(dir, e.Name())) // none of one that was closed meanwhile
		if strings.HasSuffix(strings.TrimSuffix(name, " (deleted)"), ".pack") {
			packs++
		} else {
			others++
		}
	}
	return packs, others, err
}

// isFlat compares the last quarter of the time with the second one, and all of it with what is the limit at any time.
func (u *usage) isFlat(t *testing.T) {
	t.Helper()
	u.done.Wait()
	quarter := len(u.samples) / 4
	if quarter == 0 || u.err != nil {
		t.Fatalf("too few samples; %v", u.err)
	}
	for _, c := range []struct {
		what string
		of   func(sample) int64
		may  func(before int64) int64
	}{
		{"bytes of objects", func(s sample) int64 { return s.live }, func(n int64) int64 { return n + n/4 + 32<<20 }},
		{"goroutines", func(s sample) int64 { return s.goroutines }, func(n int64) int64 { return n + n/4 + 20 }},
		{"open files", func(s sample) int64 { return s.files }, func(n int64) int64 { return n + n/4 + 20 }},
	} {
		before, after := median(u.samples[quarter:2*quarter], c.of), median(u.samples[len(u.samples)-quarter:], c.of)
		t.Logf("%s: %d in the second quarter, %d in the last", c.what, before, after)
		if after > c.may(before) {
			t.Errorf("%s: from %d to %d", c.what, before, after)
		}
	}
	for _, c := range []struct {
		what  string
		of    func(sample) int64
		limit int64
	}{
		{"bytes of memory", func(s sample) int64 { return s.memory }, memoryLimit},
		{"open packs", func(s sample) int64 { return s.packs }, packFiles},
	} {
		most := c.of(slices.MaxFunc(u.samples, func(a, b sample) int { return int(c.of(a) - c.of(b)) }))
		t.Logf("%s: %d at most", c.what, most)
		if most == 0 || most > c.limit {
			t.Errorf("%s: %d, of %d at most", c.what, most, c.limit)
		}
	}
}

func median(samples []sample, of func(sample) int64) int64 {
	var all []int64
	for _, s := range samples {
		all = append(all, of(s))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
