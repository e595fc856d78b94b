package pfs_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/pfstest"
)

// TestGCOfDamagedRows: behind a damaged block of a table rows are there that no scan shows. What they lead to is not garbage, so
// that nothing is collected.
func TestGCOfDamagedRows(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	_, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI)
	noError(t, err)
	for i := range 200 {
		putFile(t, s, master, fmt.Sprint("file", i), []byte(fmt.Sprint("text", i)))
	}
	noError(t, s.Close())
	alter(t, filepath.Join(dir, "kv", "*.sst"), func(_ string, b []byte) { b[len(b)/8] ^= 0xff })
	opts := pfstest.Options(t)
	opts.Log = nil
	hurt, err := pfs.Open(ctx, dir, opts)
	noError(t, err)
	defer hurt.Close()
	if report, err := hurt.GC(ctx, pfs.GCOptions{}); pfs.KindOf(err) != pfs.KindCorrupt {
		t.Errorf("%+v is collected (%v)", report, err)
	}
}

// TestLostCounters: a store without its own record goes on counting where it was: no line and no generation is given out again.
func TestLostCounters(t *testing.T) {
	s := newCountedStore(t)
	dev := pfs.BranchRef("images", "dev")
	_, err := s.CreateBranch(ctx, dev, pfs.BranchOptions{})
	noError(t, err)
	for i := range 10 {
		putFile(t, s.Store, master, "file", []byte(fmt.Sprint(i)))
		putFile(t, s.Store, dev, "file", []byte(fmt.Sprint(i)))
	}
	after := s.rows.Crash()
	noError(t, after.Commit(ctx, kv.Batch{Deletes: [][]byte{schema.MetaKey()}}))
	again := countRows(t, after)
	_, err = again.CreateBranch(ctx, pfs.BranchRef("images", "other"), pfs.BranchOptions{From: dev})
	noError(t, err)
	for i := range 3 {
		putFile(t, again.Store, master, "file", []byte(fmt.Sprint("again", i)))
	}
	report, err := again.Check(ctx, pfs.CheckOptions{})
	noError(t, err)
	for _, p := range report.Problems {
		t.Error(p)
	}
}
