package pfs_test

import (
	"testing"

	"pfsd/pfs"
)

// TestRefusedKeepsUploads asks for what cannot be done to branches with uploads in progress: these go on.
func TestRefusedKeepsUploads(t *testing.T) {
	s := newImages(t)
	branchOf(t, s, dev, master)
	put(t, s, pfs.BranchRef("images", "dev"), "f", "text")
	v1 := pfs.BranchRef("images", "v1")
	_, err := s.CreateTag(ctx, v1, master)
	noError(t, err)
	uploads := map[pfs.Ref]pfs.UploadID{}
	for _, ref := range []pfs.Ref{master, dev} {
		u, err := s.CreateUpload(ctx, ref, "u", nil)
		noError(t, err)
		uploads[ref] = u.ID
	}
	for _, c := range []struct {
		name string
		err  error
		want pfs.Kind
	}{
		{"to a branch", second(s.RenameBranch(ctx, dev, "master")), pfs.KindExists},
		{"to a tag", second(s.RenameBranch(ctx, dev, "v1")), pfs.KindExists},
		{"to itself", second(s.RenameBranch(ctx, dev, "dev")), 0},
		{"of no branch", second(s.RenameBranch(ctx, v1, "v2")), pfs.KindReadOnly},
		{"repo with files", s.DeleteRepo(ctx, "images", false), pfs.KindNotEmpty},
	} {
		if got := pfs.KindOf(c.err); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
	for ref, id := range uploads {
		if _, err := s.Upload(ctx, ref, id); err != nil {
			t.Errorf("the upload on %v: %v", ref, err)
		}
	}
}
