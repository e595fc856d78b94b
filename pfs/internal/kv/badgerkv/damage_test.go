package badgerkv_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
)

// newTables makes a store with rows of three prefixes, 2 MB of each, all of them in tables.
func newTables(t *testing.T) (dir string, rows []kv.Row) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	for _, prefix := range []string{"a", "m", "z"} {
		for i := range 2000 {
			row := kv.Row{Key: fmt.Appendf(nil, "%s%06d", prefix, i), Value: bytes.Repeat(fmt.Appendf(nil, "<%s%06d>", prefix, i), 100)}
			rows = append(rows, row)
		}
	}
	if err := errors.Join(s.Put(t.Context(), rows), s.Close()); err != nil {
		t.Fatal(err)
	}
	return dir, rows
}

// tablesIn returns the names of the tables in dir.
func tablesIn(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(names) == 0 {
		t.Fatal("no tables", err)
	}
	return names
}

// TestReadable damages the block of one row: a store that must be able to read all rows of its prefix does not open, and says
// which table it is; one that must read others does.
func TestReadable(t *testing.T) {
	dir, _ := newTables(t)
	var hurt string
	for _, name := range tablesIn(t, dir) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(data, []byte("<m001000>")); i > 0 {
			data[i] ^= 1
			hurt = filepath.Base(name)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, prefix := range []string{"m", "m001", ""} {
		_, err := badgerkv.Open(t.Context(), dir, badgerkv.Options{Readable: [][]byte{[]byte("a"), []byte(prefix)}})
		if !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), hurt) || strings.Contains(err.Error(), "\n") {
			t.Errorf("rows %q must be readable: %v", prefix, err)
		}
	}
	s := open(t, dir, badgerkv.Options{Readable: [][]byte{[]byte("0"), []byte("a"), []byte("m0005"), []byte("m0015"), []byte("n"), []byte("z"),
		[]byte("zz")}})
	if err := s.Verify(t.Context()); !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), hurt) {
		t.Errorf("verify: %v", err)
	}
}

// TestUnreadable has a table end where it did not when it was opened, as a disk does that cannot read what is mapped: reads fail
// or are right, and do not end the process.
func TestUnreadable(t *testing.T) {
	dir, rows := newTables(t)
	s := open(t, dir, badgerkv.Options{})
	for _, name := range tablesIn(t, dir) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { // Close reads the table
			if err := os.WriteFile(name, whole, 0o600); err != nil {
				t.Error(err)
			}
		}()
		if err := os.Truncate(name, info.Size()/2); err != nil {
			t.Fatal(err)
		}
	}
	failed := 0
	for _, row := range rows {
		err := s.View(t.Context(), func(r kv.Reader) error {
			value, err := r.Get(row.Key)
			if err == nil && !bytes.Equal(value, row.Value) {
				t.Errorf("%s has another value", row.Key)
			}
			return err
		})
		switch {
		case errors.Is(err, kv.ErrCorrupt):
			failed++
		case err != nil:
			t.Errorf("%s: %v", row.Key, err)
		}
	}
	if failed == 0 {
		t.Error("no read failed")
	}
	err := s.View(t.Context(), func(r kv.Reader) error {
		for _, err := range r.Scan([]byte("z"), nil, false) {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, kv.ErrCorrupt) {
		t.Errorf("a scan: %v", err)
	}
	if err := s.Verify(t.Context()); !errors.Is(err, kv.ErrCorrupt) {
		t.Errorf("verify: %v", err)
	}
}

// TestVerifyBesideMerges verifies while tables are merged and deleted: none of them is damaged.
func TestVerifyBesideMerges(t *testing.T) {
	s := open(t, t.TempDir(), badgerkv.Options{})
	done := make(chan error, 1)
	go func() {
		var err error
		for round := 0; round < 60 && err == nil; round++ {
			err = errors.Join(s.Commit(t.Context(), batch(round%3, 40, 2000)), s.Reclaim(t.Context()))
		}
		done <- err
	}()
	for n := 0; ; n++ {
		select {
		case err := <-done:
			if err != nil || n == 0 {
				t.Errorf("verified %d times: %v", n, err)
			}
			return
		default:
			if err := s.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
