package badgerkv_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs/internal/kv/badgerkv"
)

// TestDamagedManifest cuts off the list of tables at every length, inverts two bits of each byte of it, and takes it away: the
// store has all that was written, or refuses to open, names the file and keeps the tables.
func TestDamagedManifest(t *testing.T) {
	dir := t.TempDir()
	const rounds = 3
	for i := range rounds { // each of which leaves a table
		s := open(t, dir, badgerkv.Options{})
		if err := s.Commit(t.Context(), batch(i+1, 10, 100)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	list, err := os.ReadFile(filepath.Join(dir, "MANIFEST"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range list {
		tryManifest(t, dir, rounds, list[:n])
		for _, bit := range []int{0, n % 8} {
			hurt := slices.Clone(list)
			hurt[n] ^= 1 << bit
			tryManifest(t, dir, rounds, hurt)
		}
	}
	tryManifest(t, dir, rounds, nil)
	tryManifest(t, dir, rounds, list)
}

// tryManifest opens a copy of the store in dir with another list, or with none if that is nil.
func tryManifest(t *testing.T, dir string, rounds int, list []byte) {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(copied)
	name := filepath.Join(copied, "MANIFEST")
	err := os.Remove(name)
	if err == nil && list != nil {
		err = os.WriteFile(name, list, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := badgerkv.Open(t.Context(), copied, badgerkv.Options{Reserve: 1})
	if err != nil {
		tables, _ := filepath.Glob(filepath.Join(copied, "*.sst"))
		if !strings.Contains(err.Error(), "MANIFEST") && !strings.Contains(err.Error(), "table") || len(tables) < rounds {
			t.Errorf("%x: %d tables are left, and the error is: %v", list, len(tables), err)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%x: the error has several lines: %v", list, err)
		}
		return
	}
	defer s.Close()
	expect(t, s, batch(rounds, 10, 100))
}

// TestDamagedTables zeroes a table, from the beginning and from the middle on, and takes it away: the store does not open, and
// names the file. One that is not listed, as a power cut leaves it, does not matter.
func TestDamagedTables(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{Reserve: 1})
	want := batch(1, 10, 100)
	if err := s.Commit(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) != 1 {
		t.Fatal(tables, err)
	}
	whole, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	unlisted := filepath.Join(dir, "000077.sst")
	if err := os.WriteFile(unlisted, make([]byte, len(whole)), 0o600); err != nil {
		t.Fatal(err)
	}
	for from := range len(whole) {
		if from%50 != 0 && from != len(whole)-1 {
			continue
		}
		hurt := slices.Clone(whole)
		clear(hurt[from:])
		if err := os.WriteFile(tables[0], hurt, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := badgerkv.Open(t.Context(), dir, badgerkv.Options{Reserve: 1}); err == nil {
			s.Close()
			t.Errorf("it opens, with zeros from %d on", from)
		} else if !strings.Contains(err.Error(), filepath.Base(tables[0])) {
			t.Errorf("zeros from %d on: %v", from, err)
		}
	}
	if err := os.Remove(tables[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := badgerkv.Open(t.Context(), dir, badgerkv.Options{Reserve: 1}); err == nil ||
		!strings.Contains(err.Error(), filepath.Base(tables[0])) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(tables[0], whole, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, open(t, dir, badgerkv.Options{Reserve: 1}), want)
	if _, err := os.Stat(unlisted); err == nil {
		t.Error("the table that is not listed is there still")
	}
}
