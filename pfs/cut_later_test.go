package pfs_test

import (
	"runtime"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// TestCutsLater has changes wait for longer than others before they are a commit. They are on disk all the same.
func TestCutsLater(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	packs, err := pack.Open(disk, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now, opts.CutAfter = clock.Now, 20*time.Millisecond
	s, err := pfs.OpenOn(ctx, rows, packs, opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	first, err := s.Commit(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	by := byMount
	by.CutAfter = time.Hour
	c := ingest(t, s, "x")
	apply := func(path string) {
		t.Helper()
		if err := s.Apply(ctx, master, by, func(tx *pfs.Tx) error { return tx.PutFile(path, c, nil, 0) }); err != nil {
			t.Fatal(err)
		}
	}
	apply("a")
	// It is saved once the clock has moved: a store that is opened on what is on disk then shows it.
	for clock.Add(time.Second); ; runtime.Gosched() {
		copied, err := pack.Open(pack.NewMemory(nil), pack.Options{})
		if err != nil {
			t.Fatal(err)
		}
		other, err := pfs.OpenOn(ctx, rows.Crash(), copied, opts)
		if err != nil {
			t.Fatal(err)
		}
		snap, err := other.Snapshot(ctx, master)
		if err != nil {
			t.Fatal(err)
		}
		_, err = snap.Stat(ctx, "a")
		if closeErr := other.Close(); closeErr != nil {
			t.Fatal(closeErr)
		}
		if err == nil {
			break
		}
	}
	if head, err := s.Commit(ctx, master); err != nil || head.ID != first.ID {
		t.Errorf("there is a commit already: %+v, %v", head, err)
	}
	apply("b")
	for clock.Add(time.Hour); ; runtime.Gosched() {
		if head, err := s.Commit(ctx, master); err != nil || head.ID != first.ID {
			break
		}
	}
	wantTexts(t, s, at(t, master, "HEAD"), "a=x b=x")
	pfstest.Check(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
