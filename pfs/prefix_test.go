package pfs_test

import (
	"slices"
	"testing"

	"pfsd/pfs"
)

// TestCommitsLike names every commit by each beginning of its id.
func TestCommitsLike(t *testing.T) {
	s := newImages(t)
	var ids []pfs.CommitID
	for _, text := range []string{"1", "2", "3"} {
		ids = append(ids, put(t, s, master, "f", text).ID)
	}
	if _, err := s.CreateBranch(ctx, pfs.BranchRef("images", "other"), pfs.BranchOptions{}); err != nil {
		t.Fatal(err)
	}
	open, err := s.StartCommit(ctx, master, byCLI)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range append(ids, open.ID) {
		for n := 4; n < 32; n++ {
			for _, name := range []string{"", "master"} {
				like, err := s.CommitsLike(ctx, "images", name, id.String()[:n])
				if err != nil || !slices.Contains(like, id) || n > 16 && len(like) != 1 {
					t.Fatalf("%d digits of %v in %q: %v, %v", n, id, name, like, err)
				}
			}
			if like, err := s.CommitsLike(ctx, "images", "other", id.String()[:n]); err != nil || slices.Contains(like, id) {
				t.Fatalf("on another branch: %v, %v", like, err)
			}
		}
	}
	for _, c := range []struct {
		repo, name, prefix string
		want               pfs.Kind
	}{
		{"images", "", "123", pfs.KindInvalid},
		{"images", "", "12G4", pfs.KindInvalid},
		{"images", "", ids[0].String(), pfs.KindInvalid},
		{"none", "", "1234", pfs.KindRepoNotFound},
	} {
		if _, err := s.CommitsLike(ctx, c.repo, c.name, c.prefix); pfs.KindOf(err) != c.want {
			t.Errorf("%s in %s: %v, want %v", c.prefix, c.repo, err, c.want)
		}
	}
}
