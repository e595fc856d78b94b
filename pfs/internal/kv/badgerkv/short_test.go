package badgerkv_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
)

// TestOpenAtEachLimit opens a store with as few descriptors as none, one more, and so on: until there are enough the error says
// that they are used up, and never that anything is damaged; nothing is lost.
func TestOpenAtEachLimit(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	b := batch(1, 40, 60_000)
	for range 3 {
		if err := s.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := s.Reclaim(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	dir = copyDir(t, dir) // with a log
	var had unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &had); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &had) })
	for limit := uint64(0); ; limit++ {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: had.Max}); err != nil {
			t.Fatal(err)
		}
		s, err := badgerkv.Open(t.Context(), dir, badgerkv.Options{Readable: [][]byte{{}}})
		if err == nil {
			expect(t, s, b)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			return
		}
		if !errors.Is(err, kv.ErrExhausted) || errors.Is(err, kv.ErrCorrupt) {
			t.Fatalf("with %d descriptors: %v", limit, err)
		}
		if limit > 1000 {
			t.Fatal(err)
		}
	}
}
