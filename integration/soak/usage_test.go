package soak_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// sample is what a process has at an instant.
type sample struct {
	memory, files int64
}

// usage is what a process has had over time.
type usage struct {
	done    sync.WaitGroup
	samples []sample
}

// watch takes a sample every so often until ctx is done.
func watch(ctx context.Context, pid int, every time.Duration) *usage {
	u := &usage{}
	u.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				u.samples = append(u.samples, sample{memory(pid), openFiles(pid)})
			}
		}
	})
	return u
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

func openFiles(pid int) int64 {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0
	}
	return int64(len(entries))
}

// isFlat compares the last quarter of the time with the second one.
func (u *usage) isFlat(t *testing.T) {
	t.Helper()
	u.done.Wait()
	quarter := len(u.samples) / 4
	if quarter == 0 {
		t.Fatal("too few samples")
	}
	for _, c := range []struct {
		what string
		of   func(sample) int64
		may  func(before int64) int64
	}{
		{"bytes of memory", func(s sample) int64 { return s.memory }, func(n int64) int64 { return n + n/4 + 64<<20 }},
		{"open files", func(s sample) int64 { return s.files }, func(n int64) int64 { return n + n/4 + 20 }},
	} {
		before, after := median(u.samples[quarter:2*quarter], c.of), median(u.samples[len(u.samples)-quarter:], c.of)
		t.Logf("%s: %d in the second quarter, %d in the last", c.what, before, after)
		if after > c.may(before) {
			t.Errorf("%s: from %d to %d", c.what, before, after)
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
