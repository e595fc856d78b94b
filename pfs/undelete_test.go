package pfs_test

import (
	"testing"

	"pfsd/pfs"
)

// TestUndeleteRepoWithOpenCommits deletes a repo with an open commit on a branch, and brings all back.
func TestUndeleteRepoWithOpenCommits(t *testing.T) {
	s := newImages(t)
	put(t, s, master, "f", "1")
	open, err := s.StartCommit(ctx, master, byCLI)
	if err != nil {
		t.Fatal(err)
	}
	workspace := pfs.Ref{Repo: "images", Name: "master", Commit: open.ID}
	put(t, s, workspace, "g", "2")
	if err := s.DeleteRepo(ctx, "images", true); err != nil {
		t.Fatal(err)
	}
	if err := s.UndeleteRepo(ctx, "images"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, workspace, "g"); got != "2" {
		t.Errorf("the open commit has %q", got)
	}
	if _, err := s.FinishCommit(ctx, workspace, byCLI, pfs.ResolveNone); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, master, "f") + read(t, s, master, "g"); got != "12" {
		t.Errorf("the branch has %q", got)
	}
}
