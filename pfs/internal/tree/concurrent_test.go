package tree_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"pfsd/pfs/internal/tree"
)

// TestConcurrent reads whatever directory is the latest while one goroutine changes, saves and commits. The cache is
// small, so that nodes that were saved are read again.
func TestConcurrent(t *testing.T) {
	const files, changes = 2000, 300
	r := newRows()
	s := tree.New(r, 1<<16)
	var latest atomic.Pointer[tree.Dir]
	d := s.Empty()
	for i := range files {
		d = with(t, d, []tree.Entry{file(fmt.Sprintf("file-%d", i), i)})
	}
	latest.Store(d)
	var done atomic.Bool
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for !done.Load() {
				readLatest(t, &latest, files)
			}
		})
	}
	for i := range changes {
		d = with(t, d, []tree.Entry{file(fmt.Sprintf("file-%d", i*7%files), i)})
		latest.Store(d)
		if i%3 == 0 {
			r.commit(t, s, d)
		}
	}
	done.Store(true)
	readers.Wait()
}

func readLatest(t *testing.T, latest *atomic.Pointer[tree.Dir], files int) {
	a := latest.Load()
	n := 0
	for _, err := range a.All(t.Context(), "") {
		if err != nil {
			t.Error(err)
			return
		}
		n++
	}
	if n != files {
		t.Errorf("%d entries, want %d", n, files)
	}
	if _, ok, err := a.Get(t.Context(), "file-77"); !ok || err != nil {
		t.Error(ok, err)
	}
	for _, err := range tree.Diff(t.Context(), a, latest.Load()) {
		if err != nil {
			t.Error(err)
		}
	}
}
