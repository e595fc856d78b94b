package badgerkv_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
	"pfsd/pfs/internal/kv/kvtest"
)

func TestContract(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kvtest.Opener {
		dir := t.TempDir()
		return func() (kv.Store, error) { return badgerkv.Open(t.Context(), dir, badgerkv.Options{}) }
	})
}

func open(t *testing.T, dir string, opts badgerkv.Options) *badgerkv.Store {
	t.Helper()
	s, err := badgerkv.Open(t.Context(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, kv.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

// batch returns n rows of random values of size bytes that are a function of round.
func batch(round, n, size int) kv.Batch {
	rng := rand.NewChaCha8([32]byte{byte(round), byte(round >> 8)})
	var b kv.Batch
	for i := range n {
		value := make([]byte, size)
		_, _ = rng.Read(value)
		b.Puts = append(b.Puts, kv.Row{Key: fmt.Appendf(nil, "k%03d", i), Value: value})
	}
	return b
}

// copyDir copies what a killed process would leave in dir: all that was written, whether synced or not. As compaction may
// go on meanwhile, it copies until it finds the same tables before and after.
func copyDir(t *testing.T, dir string) string {
	t.Helper()
	for range 100 {
		before, to := tables(t, dir), t.TempDir()
		err := os.CopyFS(to, os.DirFS(dir))
		if err == nil && before == tables(t, dir) && before == tables(t, to) {
			return to
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	t.Fatal("compaction does not come to rest")
	return ""
}

// tables returns a description of the tables in dir.
func tables(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	manifest, readErr := os.ReadFile(filepath.Join(dir, "MANIFEST"))
	if err := errors.Join(err, readErr); err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return fmt.Sprint(names, manifest)
}

// TestKilled opens what a store that was not closed leaves, at many points and across new write-ahead logs.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	const rounds, rows, size = 39, 10, 100 << 10
	for round := range rounds {
		if err := s.Commit(t.Context(), batch(round, rows, size)); err != nil {
			t.Fatal(err)
		}
		if round%19 != 18 {
			continue
		}
		left := open(t, copyDir(t, dir), badgerkv.Options{})
		expect(t, left, batch(round, rows, size))
		if err := left.Commit(t.Context(), batch(1000, rows, size)); err != nil {
			t.Fatal(err)
		}
		expect(t, left, batch(1000, rows, size))
	}
	expect(t, s, batch(rounds-1, rows, size))
}

// expect looks for exactly the rows of b.
func expect(t *testing.T, s *badgerkv.Store, b kv.Batch) {
	t.Helper()
	err := s.View(t.Context(), func(r kv.Reader) error {
		n := 0
		for row, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			if n >= len(b.Puts) || !bytes.Equal(row.Key, b.Puts[n].Key) || !bytes.Equal(row.Value, b.Puts[n].Value) {
				t.Fatalf("row %d, %q, is not what was committed", n, row.Key)
			}
			n++
		}
		if n != len(b.Puts) {
			t.Errorf("%d of %d rows", n, len(b.Puts))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTornLog cuts the write-ahead log within the last batches: each is there as a whole or not at all, in order.
func TestTornLog(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	const rounds, rows, size = 8, 5, 2000
	for round := range rounds {
		if err := s.Commit(t.Context(), batch(round, rows, size)); err != nil {
			t.Fatal(err)
		}
	}
	const seed = 4
	rng := rand.New(rand.NewPCG(seed, seed))
	seen := map[int]bool{}
	for range 12 {
		left := copyDir(t, dir)
		log := newestLog(t, left)
		cut := 20 + rng.Int64N(rounds*rows*(size+40))
		if err := errors.Join(os.Truncate(log, cut), os.Truncate(log, 64<<20)); err != nil {
			t.Fatal(err)
		}
		seen[roundOf(t, open(t, left, badgerkv.Options{}), rounds, rows, size)] = true
	}
	if len(seen) < 3 {
		t.Errorf("seed %d: the cuts hit only %d different rounds", seed, len(seen))
	}
}

// roundOf returns which batch the store has; -1 when it is empty.
func roundOf(t *testing.T, s *badgerkv.Store, rounds, rows, size int) int {
	t.Helper()
	var first []byte
	err := s.View(t.Context(), func(r kv.Reader) error {
		var err error
		first, err = r.Get([]byte("k000"))
		return err
	})
	if errors.Is(err, kv.ErrNotFound) {
		expect(t, s, kv.Batch{})
		return -1
	}
	for round := range rounds {
		if b := batch(round, rows, size); bytes.Equal(b.Puts[0].Value, first) {
			expect(t, s, b)
			return round
		}
	}
	t.Fatalf("no batch has this value: %v", err)
	return 0
}

// newestLog returns the write-ahead log with the largest number.
func newestLog(t *testing.T, dir string) string {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err != nil || len(logs) == 0 {
		t.Fatal("no logs", err)
	}
	return logs[len(logs)-1]
}

// TestNoSpace: Put fails first, Commit later, reads never; the reserve is given up and taken again.
func TestNoSpace(t *testing.T) {
	dir := t.TempDir()
	reserve := filepath.Join(dir, "RESERVE")
	s := open(t, dir, badgerkv.Options{Reserve: 1 << 20})
	if info, err := os.Stat(reserve); err != nil || info.Size() != 1<<20 {
		t.Errorf("reserve: %v", err)
	}
	first := batch(1, 3, 100)
	if err := errors.Join(s.Put(t.Context(), first.Puts), s.Close()); err != nil {
		t.Fatal(err)
	}
	full := open(t, dir, badgerkv.Options{FreeMark: 1 << 61, Reserve: 1 << 20})
	if _, err := os.Stat(reserve); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the reserve is held on a full disk: %v", err)
	}
	for name, err := range map[string]error{
		"Put": full.Put(t.Context(), first.Puts), "Commit": full.Commit(t.Context(), first),
	} {
		if !errors.Is(err, kv.ErrNoSpace) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	expect(t, full, first)
	if err := full.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, badgerkv.Options{Reserve: 1 << 20})
	if _, err := os.Stat(reserve); err != nil {
		t.Errorf("the reserve is not taken again: %v", err)
	}
	if err := again.Commit(t.Context(), first); err != nil {
		t.Error(err)
	}
}

// TestVerify: a table with a byte changed is found.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	if err := s.Put(t.Context(), batch(1, 100, 10000).Puts); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sound := open(t, dir, badgerkv.Options{})
	if err := sound.Verify(t.Context()); err != nil {
		t.Errorf("a sound store: %v", err)
	}
	if err := sound.Close(); err != nil {
		t.Fatal(err)
	}
	names := tablesIn(t, dir)
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/3] ^= 1
	if err := os.WriteFile(names[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir, badgerkv.Options{}).Verify(t.Context()); err == nil {
		t.Error("damage was not found")
	}
}

// TestOpenDamaged: files that are not what they should be are an error, not a panic.
func TestOpenDamaged(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	if err := errors.Join(s.Commit(t.Context(), batch(1, 100, 1000)), s.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pattern string
		keep    int64
	}{{"MANIFEST", 3}, {"*.sst", 10}, {"KEYREGISTRY", 1}} {
		t.Run(strings.Trim(c.pattern, "*."), func(t *testing.T) {
			left := copyDir(t, dir)
			names, err := filepath.Glob(filepath.Join(left, c.pattern))
			if err != nil || len(names) == 0 {
				t.Fatal("no such file", err)
			}
			if err := os.Truncate(names[0], c.keep); err != nil {
				t.Fatal(err)
			}
			if s, err := badgerkv.Open(t.Context(), left, badgerkv.Options{}); err == nil {
				t.Error("it was opened", s.Close())
			}
		})
	}
	open(t, dir, badgerkv.Options{})
	if _, err := badgerkv.Open(t.Context(), dir, badgerkv.Options{}); err == nil {
		t.Error("a directory was opened twice")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := badgerkv.Open(ctx, t.TempDir(), badgerkv.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
}

// TestReservedKeys: what begins like Badger's own keys is refused, not mixed up with them.
func TestReservedKeys(t *testing.T) {
	s := open(t, t.TempDir(), badgerkv.Options{})
	err := s.Put(t.Context(), []kv.Row{{Key: []byte("!badger!txn")}})
	if !errors.Is(err, kv.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if err := s.Commit(t.Context(), batch(1, 1, 1)); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

// BenchmarkCommit commits batches of a few small rows, as one small change of a file makes them.
func BenchmarkCommit(b *testing.B) {
	s, err := badgerkv.Open(b.Context(), b.TempDir(), badgerkv.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	value := make([]byte, 500)
	for i := range b.N {
		var batch kv.Batch
		for j := range 6 {
			key := binary.BigEndian.AppendUint64([]byte{byte('a' + j)}, uint64(i)*0x9e3779b97f4a7c15)
			batch.Puts = append(batch.Puts, kv.Row{Key: key, Value: value})
		}
		if err := s.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPut puts rows like those of an index, a batch at a time.
func BenchmarkPut(b *testing.B) {
	s, err := badgerkv.Open(b.Context(), b.TempDir(), badgerkv.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	rng := rand.NewChaCha8([32]byte{})
	rows := make([]kv.Row, 20000)
	for i := range rows {
		rows[i] = kv.Row{Key: make([]byte, 33), Value: make([]byte, 100)}
	}
	b.SetBytes(int64(len(rows) * rows[0].Size()))
	for b.Loop() {
		for i := range rows {
			_, _ = rng.Read(rows[i].Key)
		}
		if err := s.Put(b.Context(), rows); err != nil {
			b.Fatal(err)
		}
	}
}
