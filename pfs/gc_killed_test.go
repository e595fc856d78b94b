package pfs_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv/badgerkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

var errKilled = errors.New("killed")

// unreclaimed are rows whose room is not given back, as that is where the process ends.
type unreclaimed struct{ *badgerkv.Store }

// Reclaim stands for the end of the process.
func (unreclaimed) Reclaim(context.Context) error { return errKilled }

// TestGCKilledBeforeReclaim ends a collection when all is removed and its room is not given back yet: the next one, which finds
// nothing to remove, does that.
func TestGCKilledBeforeReclaim(t *testing.T) {
	dir := t.TempDir()
	opened := func() *badgerkv.Store {
		rows, err := badgerkv.Open(ctx, filepath.Join(dir, "kv"), badgerkv.Options{Reserve: 1 << 20})
		noError(t, err)
		return rows
	}
	packs := func() *pack.Store {
		packs, err := pack.Open(pack.NewMemory(nil), pack.Options{})
		noError(t, err)
		return packs
	}
	s, err := pfs.OpenOn(ctx, unreclaimed{opened()}, packs(), pfstest.Options(t))
	noError(t, err)
	makeRepo(t, s, "r")
	noError(t, ensureBranch(s, "r", "gone"))
	for i := range 400 {
		putFile(t, s, pfs.BranchRef("r", "gone"), "f", noise(uint64(i), 30<<10))
	}
	noError(t, s.DeleteBranch(ctx, pfs.BranchRef("r", "gone"), true))
	if _, err := s.GC(ctx, pfs.GCOptions{}); !errors.Is(err, errKilled) {
		t.Fatalf("the collection ended with %v", err)
	}
	noError(t, s.Close())
	rows := opened()
	before := rows.Size()
	s, err = pfs.OpenOn(ctx, rows, packs(), pfstest.Options(t))
	noError(t, err)
	defer s.Close()
	if r := collect(t, s, 0); r.Reclaimable() != 0 {
		t.Errorf("%d bytes were left to remove", r.Reclaimable())
	}
	if after := rows.Size(); before < 12<<20 || after > before/4 {
		t.Errorf("the rows took %d bytes, and take %d", before, after)
	}
}
