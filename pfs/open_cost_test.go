package pfs_test

import (
	"fmt"
	"testing"

	"pfsd/pfs"
)

// TestPutsIntoOpenCommitCost puts many files into an open commit: what one of them reads does not depend on how many there
// were before it.
func TestPutsIntoOpenCommitCost(t *testing.T) {
	s := newCountedStore(t)
	open, err := s.StartCommit(ctx, master, byCLI)
	noError(t, err)
	workspace := pfs.Ref{Repo: "images", Name: "master", Commit: open.ID}
	cost := func(i int) int64 {
		before := s.reads.rows.Load()
		putFile(t, s.Store, workspace, fmt.Sprint("f", i), fmt.Appendf(nil, "text %d", i))
		return s.reads.rows.Load() - before
	}
	for i := range 10 {
		cost(i)
	}
	first := cost(10)
	for i := range 300 {
		cost(11 + i)
	}
	if last := cost(400); last > 2*first+20 {
		t.Errorf("a PUT read %d rows at first and %d rows later", first, last)
	}
}
