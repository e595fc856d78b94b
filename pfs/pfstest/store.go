// Package pfstest opens stores for tests: the real core, on a key-value store in memory and packs in a directory of the
// test's. Every store is checked when its test ends.
package pfstest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
)

// Clock is a clock that tests may set. It goes on by a microsecond whenever it is read, so that changes are ordered.
// Its methods may be called concurrently.
type Clock struct {
	// mu guards now.
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that begins at a fixed time.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Options returns what a store in a test is opened with. Nothing is cut by itself unless the clock is moved.
func Options(t testing.TB) pfs.Options {
	return pfs.Options{
		Now: NewClock().Now, Rand: rand.Reader, Memory: 64 << 20,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// NewStore returns an empty store, which is checked and closed when the test ends.
func NewStore(t testing.TB) *pfs.Store { return NewStoreWith(t, Options(t)) }

// NewStoreWith is NewStore with options.
func NewStoreWith(t testing.TB, opts pfs.Options) *pfs.Store {
	t.Helper()
	dir, err := pack.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	packs, err := pack.Open(dir, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := pfs.OpenOn(context.Background(), memkv.New(), packs, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		Check(t, s)
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// OpenDisk opens the store in dir as pfsd does. The caller closes it.
func OpenDisk(t testing.TB, dir string) *pfs.Store {
	t.Helper()
	s, err := pfs.Open(context.Background(), dir, Options(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Check fails the test when the store is not sound, down to the last byte. A store that has been closed is left alone.
func Check(t testing.TB, s *pfs.Store) {
	t.Helper()
	report, err := s.Check(context.Background(), pfs.CheckOptions{Deep: true})
	if pfs.KindOf(err) == pfs.KindClosed {
		return
	}
	if err != nil {
		t.Errorf("fsck: %v", err)
		return
	}
	for _, problem := range report.Problems {
		t.Errorf("fsck: %v", problem)
	}
	checkNumbers(t, s)
}
