package pfs_test

import (
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestIdentity makes branches, a commit and an open commit while the clock stands still: each has an identity of its own, which
// stays when a branch is changed, moved and renamed.
func TestIdentity(t *testing.T) {
	opts := pfstest.Options(t)
	opts.Now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	s := pfstest.NewStoreWith(t, opts)
	seen := map[uint64]string{}
	identity := func(ref pfs.Ref) uint64 { return snapshotOf(t, s, ref).Identity() }
	note := func(ref pfs.Ref) {
		t.Helper()
		id := identity(ref)
		if had, ok := seen[id]; ok || id == 0 {
			t.Errorf("%v and %s have identity %d", ref, had, id)
		}
		seen[id] = ref.String()
	}
	for _, repo := range []string{"images", "more"} {
		_, err := s.CreateRepo(ctx, repo, pfs.Owner{}, byCLI)
		noError(t, err)
		for _, name := range []string{"one", "two", "three"} {
			_, err := s.CreateBranch(ctx, pfs.BranchRef(repo, name), pfs.BranchOptions{From: pfs.BranchRef(repo, "master"), By: byCLI})
			noError(t, err)
			note(pfs.BranchRef(repo, name))
		}
		note(pfs.BranchRef(repo, "master"))
	}
	one := pfs.BranchRef("images", "one")
	before := identity(one)
	first := put(t, s, one, "f", "f")
	put(t, s, one, "g", "g")
	note(pfs.Ref{Repo: "images", Commit: first.ID})
	_, err := s.Reset(ctx, one, pfs.Ref{Repo: "images", Commit: first.ID}, byCLI)
	noError(t, err)
	_, err = s.RenameBranch(ctx, one, "renamed")
	noError(t, err)
	if after := identity(pfs.BranchRef("images", "renamed")); after != before {
		t.Errorf("a branch that was moved and renamed had identity %d, and has %d", before, after)
	}
	open, err := s.StartCommit(ctx, pfs.BranchRef("images", "two"), byCLI)
	noError(t, err)
	note(pfs.Ref{Repo: "images", Commit: open.ID})
}
