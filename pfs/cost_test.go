package pfs_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/kvtest"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// full reports whether tests are to run in their full size, which takes minutes.
func full() bool { return os.Getenv("PFSD_TEST_FULL") != "" }

// countedStore is a store whose rows are counted as they are written and read.
type countedStore struct {
	*pfs.Store
	rows   *memkv.Store
	writes *kvtest.Recorder
	reads  *readCounter
}

// newCountedStore returns a store with the repo images.
func newCountedStore(t *testing.T) countedStore {
	t.Helper()
	rows := memkv.New()
	s := countRows(t, rows)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	return s
}

// cold returns the store as it is when it has just been opened: nothing is in its caches.
func (s countedStore) cold(t *testing.T) countedStore { return countRows(t, s.rows.Crash()) }

func countRows(t *testing.T, rows *memkv.Store) countedStore {
	t.Helper()
	writes := kvtest.Record(rows, nil)
	reads := &readCounter{Store: writes}
	packs, err := pack.Open(pack.NewMemory(nil), pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := pfs.OpenOn(ctx, reads, packs, pfstest.Options(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return countedStore{s, rows, writes, reads}
}

// written returns how many bytes of rows were written since it was last asked.
func (s countedStore) written() int {
	n := 0
	for _, w := range s.writes.Take() {
		n += w.Bytes()
	}
	return n
}

// fill makes a branch with n files in one directory.
func (s countedStore) fill(t *testing.T, n int) {
	t.Helper()
	c := ingest(t, s.Store, "x")
	for i := 0; i < n; i += 10_000 {
		update(t, s.Store, master, func(tx *pfs.Tx) error {
			for j := i; j < min(n, i+10_000); j++ {
				if err := tx.PutFile(fmt.Sprintf("some-file-name-%08d", j), c, nil, 0); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// readCounter counts the rows that are read from a key-value store.
type readCounter struct {
	kv.Store
	rows atomic.Int64
}

func (c *readCounter) View(ctx context.Context, fn func(kv.Reader) error) error {
	return c.Store.View(ctx, func(r kv.Reader) error { return fn(countedReader{r, c}) })
}

type countedReader struct {
	kv.Reader
	counter *readCounter
}

func (r countedReader) Get(key []byte) ([]byte, error) {
	r.counter.rows.Add(1)
	return r.Reader.Get(key)
}

func (r countedReader) Scan(prefix, from []byte, reverse bool) iter.Seq2[kv.Row, error] {
	return func(yield func(kv.Row, error) bool) {
		r.counter.rows.Add(1) // for the search, though nothing be found
		for row, err := range r.Reader.Scan(prefix, from, reverse) {
			r.counter.rows.Add(1)
			if !yield(row, err) {
				return
			}
		}
	}
}

// TestCostOfABranch: a branch costs the same whatever is in it.
func TestCostOfABranch(t *testing.T) {
	const most = 1 << 10 // bytes
	var cost []int
	for _, files := range []int{10, 100_000} {
		s := newCountedStore(t)
		s.fill(t, files)
		dev, other := pfs.BranchRef("images", "dev"), pfs.BranchRef("images", "other")
		if _, err := s.CreateBranch(ctx, dev, pfs.BranchOptions{From: master}); err != nil {
			t.Fatal(err)
		}
		s.written()
		s.reads.rows.Store(0)
		if _, err := s.CreateBranch(ctx, other, pfs.BranchOptions{From: dev}); err != nil {
			t.Fatal(err)
		}
		n := s.written()
		t.Logf("a branch of a branch with %d files takes %d bytes; %d rows were read for it", files, n, s.reads.rows.Load())
		if n > most {
			t.Errorf("a branch of %d files takes %d bytes, want at most %d", files, n, most)
		}
		cost = append(cost, n)
	}
	if cost[1] > cost[0]+16 { // longer numbers
		t.Errorf("with more files it takes more: %v", cost)
	}
}

// TestCostOfAPut: one more file in a large flat directory costs a few rows, and no more as commits go on.
func TestCostOfAPut(t *testing.T) {
	const commits, most = 1000, 2 << 10 // bytes each
	files := 100_000
	if full() {
		files = 1_000_000
	}
	s := newCountedStore(t)
	s.fill(t, files)
	const seed = 3
	for name, path := range map[string]func(n, i int) string{
		"new":         func(n, i int) string { return fmt.Sprintf("some-file-name-%08d-%d", n, i) },
		"overwritten": func(n, _ int) string { return fmt.Sprintf("some-file-name-%08d", n) },
	} {
		t.Run(name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, seed))
			s.written()
			for i := range commits {
				c := ingest(t, s.Store, fmt.Sprint(name, i))
				at := path(rnd.IntN(files), i)
				update(t, s.Store, master, func(tx *pfs.Tx) error { return tx.PutFile(at, c, nil, 0) })
			}
			each := s.written() / commits
			t.Logf("%d bytes a commit, with seed %d", each, seed)
			if each > most {
				t.Errorf("a commit takes %d bytes, want at most %d", each, most)
			}
		})
	}
}

// TestCostOfCommitsAtOnce: commits that are stored together read no more than one after the other: what a group has made is
// encoded once, not again for each of its commits.
func TestCostOfCommitsAtOnce(t *testing.T) {
	const files, writers, commits = 10_000, 50, 20 // by each writer
	s := newCountedStore(t)
	s.fill(t, files)
	c := ingest(t, s.Store, "y")
	// Of one author they would share a commit.
	write := func(w, i int) error {
		by := pfs.By{Origin: pfs.OriginCLI, Author: fmt.Sprint("writer", w)}
		_, err := s.Update(ctx, master, by, func(tx *pfs.Tx) error {
			return tx.PutFile(fmt.Sprintf("some-file-name-%08d", (w*commits+i)*7919%files), c, nil, 0)
		})
		return err
	}
	// measure is how many rows each commit reads when all are made so.
	measure := func(all func()) int64 {
		s.reads.rows.Store(0)
		all()
		return s.reads.rows.Load() / (writers * commits)
	}
	alone := measure(func() {
		for w := range writers {
			for i := range commits {
				if err := write(w, i); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	c = ingest(t, s.Store, "z")
	atOnce := measure(func() {
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for i := range commits {
					if err := write(w, i); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
	})
	t.Logf("a commit reads %d rows by itself, %d among others", alone, atOnce)
	if atOnce > 2*alone {
		t.Errorf("a commit reads %d rows by itself, %d among others, which is more than twice as many", alone, atOnce)
	}
}

// TestCostOfALog: the log of a path that few commits changed costs the same however many there are.
func TestCostOfALog(t *testing.T) {
	lengths := []int{1000, 10_000}
	if full() {
		lengths[1] = 100_000
	}
	var cost []int64
	for _, commits := range lengths {
		s := newCountedStore(t)
		c, d := ingest(t, s.Store, "x"), ingest(t, s.Store, "y")
		contents := []pfs.Content{c, d}
		for i := range commits {
			path := fmt.Sprintf("d%d/f", i%100)
			if i%(commits/10) == 0 {
				path = "d0/rare"
			}
			content := contents[i/100%2]
			update(t, s.Store, master, func(tx *pfs.Tx) error { return tx.PutFile(path, content, nil, 0) })
		}
		s.reads.rows.Store(0)
		found := 0
		for _, err := range s.Log(ctx, master, "d0/rare") {
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		n := s.reads.rows.Load()
		t.Logf("the log of a path that %d of %d commits changed reads %d rows", found, commits, n)
		if found != 10 {
			t.Errorf("%d commits, want 10", found)
		}
		cost = append(cost, n)
	}
	// How many rows a directory is read from varies with its place in a chain of deltas, up to a limit.
	if cost[1] > 2*cost[0] {
		t.Errorf("in a longer history it reads more rows: %v", cost)
	}
}

// TestCostOfADiff: what differs in ten files costs about the same to find among few and among many.
func TestCostOfADiff(t *testing.T) {
	sizes := []int{1000, 50_000}
	if full() {
		sizes[1] = 1_000_000
	}
	var cost []int64
	for _, n := range sizes {
		s := newCountedStore(t)
		s.fill(t, n)
		before, err := s.Commit(ctx, master)
		if err != nil {
			t.Fatal(err)
		}
		changed := ingest(t, s.Store, "changed")
		update(t, s.Store, master, func(tx *pfs.Tx) error {
			for i := range 10 {
				if err := tx.PutFile(fmt.Sprintf("some-file-name-%08d", i*(n/10)), changed, nil, 0); err != nil {
					return err
				}
			}
			return nil
		})
		s = s.cold(t)
		s.reads.rows.Store(0)
		found := 0
		for _, err := range s.Diff(ctx, pfs.Ref{Repo: "images", Commit: before.ID}, master, "") {
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		t.Logf("ten differences among %d files take %d rows", n, s.reads.rows.Load())
		if found != 10 {
			t.Errorf("%d differences, want 10", found)
		}
		cost = append(cost, s.reads.rows.Load())
	}
	if cost[1] > 3*max(cost[0], 20) {
		t.Errorf("among more files it reads more rows: %v", cost)
	}
}
