package pfs_test

import (
	"fmt"
	"testing"

	"pfsd/pfs"
)

// TestDeleteRepoWithMuchPending deletes a repo on whose branches more is pending than one transaction has room for.
func TestDeleteRepoWithMuchPending(t *testing.T) {
	s := newImages(t)
	c := ingest(t, s, "text")
	const branches, files = 6, 6000
	for i := range branches {
		ref := pfs.BranchRef("images", fmt.Sprint("b", i))
		branchOf(t, s, ref, master)
		noError(t, s.Apply(ctx, ref, byMount, func(tx *pfs.Tx) error {
			for j := range files {
				if err := tx.PutFile(fmt.Sprint("f", j), c, nil, 0); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	noError(t, s.DeleteRepo(ctx, "images", true))
	noError(t, s.UndeleteRepo(ctx, "images"))
	for i := range branches {
		if got := read(t, s, pfs.BranchRef("images", fmt.Sprint("b", i)), "f77"); got != "text" {
			t.Errorf("branch %d has %q", i, got)
		}
	}
}
