package badgerkv_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
)

// TestNoTables: with a disk that takes no more tables, writes fail when there is no room for them in memory, reads go on, Close
// ends, and what was acknowledged is there when the disk is well again. Badger itself would have all of them wait for ever.
func TestNoTables(t *testing.T) {
	dir := t.TempDir()
	s, err := badgerkv.Open(t.Context(), dir, badgerkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Each try has a number of its own.
	const tables = 200
	table := func(n int) string { return filepath.Join(dir, fmt.Sprintf("%06d.sst", n)) }
	for n := range tables {
		if err := os.Mkdir(table(n), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var last kv.Batch
	for round := 0; err == nil; round++ {
		if round == 1000 {
			t.Fatal("all is written, and nowhere to go")
		}
		b := batch(round, 40, 60_000)
		if err = s.Commit(t.Context(), b); err == nil {
			last = b
		}
	}
	if !strings.Contains(err.Error(), "no table can be written") {
		t.Errorf("Commit: %v", err)
	}
	if again := s.Commit(t.Context(), batch(1, 1, 10)); again == nil {
		t.Error("a write succeeds after one whose end is unknown")
	}
	expect(t, s, last)
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "no table can be written") {
		t.Errorf("Close: %v", err)
	}
	// The logs are all that a next process needs.
	well := t.TempDir()
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err != nil || len(logs) < 2 {
		t.Fatal(logs, err)
	}
	for _, name := range append(logs, filepath.Join(dir, "MANIFEST"), filepath.Join(dir, "KEYREGISTRY")) {
		data, err := os.ReadFile(name)
		if err = errors.Join(err, os.WriteFile(filepath.Join(well, filepath.Base(name)), data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, open(t, well, badgerkv.Options{}), last)
	// Badger gives the table up, though there is still no room for it, and lets go of the directory.
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	// This lock is Badger's own.
	if err := errors.Join(syscall.Flock(int(d.Fd()), syscall.LOCK_EX), d.Close()); err != nil {
		t.Fatal(err)
	}
	for n := range tables {
		if err := os.Remove(table(n)); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, open(t, dir, badgerkv.Options{}), last)
}
