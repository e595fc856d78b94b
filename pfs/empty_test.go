package pfs_test

import (
	"fmt"
	"sync"
	"testing"

	"pfsd/pfs"
)

// TestDeleteEmpty deletes what shows nothing, and nothing else.
func TestDeleteEmpty(t *testing.T) {
	s := newImages(t)
	branchOf(t, s, dev, master)
	put(t, s, dev, "f", "text")
	wantKind(t, s.DeleteEmptyBranch(ctx, dev), pfs.KindNotEmpty)
	wantKind(t, s.DeleteEmptyRepo(ctx, "images"), pfs.KindNotEmpty)
	remove(t, s, dev, "f")
	wantKind(t, s.DeleteEmptyRepo(ctx, "images"), pfs.KindNotEmpty)
	noError(t, s.DeleteEmptyBranch(ctx, dev))
	wantKind(t, s.DeleteEmptyBranch(ctx, dev), pfs.KindBranchNotFound)
	v1 := pfs.BranchRef("images", "v1")
	_, err := s.CreateTag(ctx, v1, master)
	noError(t, err)
	wantKind(t, s.DeleteEmptyBranch(ctx, v1), pfs.KindReadOnly)
	wantKind(t, s.DeleteEmptyRepo(ctx, "images"), pfs.KindNotEmpty)
	noError(t, s.DeleteTag(ctx, v1))
	noError(t, s.DeleteEmptyRepo(ctx, "images"))
	wantKind(t, s.DeleteEmptyRepo(ctx, "images"), pfs.KindRepoNotFound)
}

// TestDeleteEmptyAgainstPut deletes branches while files are put there: what was acknowledged is there, or the branch was
// deleted before.
func TestDeleteEmptyAgainstPut(t *testing.T) {
	s := newImages(t)
	c := ingest(t, s, "text")
	for i := range 50 {
		ref := pfs.BranchRef("images", fmt.Sprint("b", i))
		branchOf(t, s, ref, master)
		var put, gone error
		var wg sync.WaitGroup
		wg.Go(func() {
			_, put = s.Update(ctx, ref, byCLI, func(tx *pfs.Tx) error { return tx.PutFile("f", c, nil, 0) })
		})
		wg.Go(func() { gone = s.DeleteEmptyBranch(ctx, ref) })
		wg.Wait()
		if (put == nil) == (gone == nil) {
			t.Fatalf("the PUT: %v, the deletion: %v", put, gone)
		}
	}
}
