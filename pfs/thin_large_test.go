package pfs_test

import (
	"fmt"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// newThinned returns a store with the repo images, whose clock may be moved.
func newThinned(t *testing.T) (*pfs.Store, *pfstest.Clock) {
	t.Helper()
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	s := pfstest.NewStoreWith(t, opts)
	makeRepo(t, s, "images")
	return s, clock
}

// TestThinLargeCommits thins out commits whose rows in the path index are more than one transaction has room for.
func TestThinLargeCommits(t *testing.T) {
	s, clock := newThinned(t)
	contents := []pfs.Content{ingest(t, s, "0"), ingest(t, s, "1")}
	const commits, files = 32, 1200
	for i := range commits {
		_, err := s.Update(ctx, master, byMount, func(tx *pfs.Tx) error {
			for j := range files {
				if err := tx.PutFile(fmt.Sprint("f", j), contents[i%2], nil, 0); err != nil {
					return err
				}
			}
			return nil
		})
		noError(t, err)
	}
	put(t, s, master, "last", "by hand")
	clock.Add(48 * time.Hour)
	would, err := s.Thin(ctx, master, true)
	noError(t, err)
	if len(would) < commits-2 {
		t.Fatalf("%d commits would go, want %d", len(would), commits-2)
	}
	gone, err := s.Thin(ctx, master, false)
	if err != nil || len(gone) != len(would) {
		t.Fatalf("%d of %d commits went (%v)", len(gone), len(would), err)
	}
	for _, id := range gone {
		if got := read(t, s, at(t, master, id.String()), "f7"); got != fmt.Sprint((commits-1)%2) {
			t.Fatalf("%v stands for %q", id, got)
		}
	}
}

// TestThinManyInOnePeriod thins out more commits of one period than one transaction takes out.
func TestThinManyInOnePeriod(t *testing.T) {
	s, clock := newThinned(t)
	for i := range 200 {
		c := ingest(t, s, fmt.Sprint(i))
		_, err := s.Update(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.PutFile("f", c, nil, 0) })
		noError(t, err)
	}
	put(t, s, master, "last", "by hand")
	clock.Add(48 * time.Hour)
	if gone, err := s.Thin(ctx, master, false); err != nil || len(gone) < 198 {
		t.Errorf("%d commits went (%v)", len(gone), err)
	}
	if gone, err := s.Thin(ctx, master, false); err != nil || len(gone) > 0 {
		t.Errorf("%d commits went the second time (%v)", len(gone), err)
	}
}

// TestThinCost looks for automatic commits among others: it reads no more of these than their records.
func TestThinCost(t *testing.T) {
	s := newCountedStore(t)
	const commits = 300
	for i := range commits {
		put(t, s.Store, master, "f", fmt.Sprint(i))
	}
	s = s.cold(t)
	before := s.reads.rows.Load()
	if gone, err := s.Thin(ctx, master, false); err != nil || len(gone) > 0 {
		t.Errorf("%d commits went (%v)", len(gone), err)
	}
	if read := s.reads.rows.Load() - before; read > 2*commits+100 {
		t.Errorf("%d rows were read for %d commits", read, commits)
	}
}
