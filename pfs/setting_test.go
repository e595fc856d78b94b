package pfs_test

import (
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

func TestBranchSettings(t *testing.T) {
	s := newImages(t)
	set := func(ref pfs.Ref, name, value string, want pfs.Kind) {
		t.Helper()
		if err := s.SetBranchSetting(ctx, ref, name, value); err == nil && want != 0 || err != nil && pfs.KindOf(err) != want {
			t.Errorf("%s of %s: %v, want kind %v", name, ref, err, want)
		}
	}
	want := func(ref pfs.Ref, name, value string) {
		t.Helper()
		b, err := s.Branch(ctx, ref)
		if err != nil || b.Settings[name] != value {
			t.Errorf("%s of %s is %q (%v), want %q", name, ref, b.Settings[name], err, value)
		}
	}
	c := put(t, s, master, "a", "1")
	want(master, "cors", "")
	set(master, "cors", "<x/>", 0)
	set(master, "label", "y", 0)
	set(master, "label", "", 0)
	put(t, s, master, "a", "2")
	want(master, "cors", "<x/>")
	want(master, "label", "")

	set(master, "", "y", pfs.KindInvalid)
	set(master, strings.Repeat("n", 65), "y", pfs.KindInvalid)
	set(master, "large", strings.Repeat("x", 64<<10), pfs.KindTooLarge)
	set(pfs.BranchRef("images", "nope"), "cors", "y", pfs.KindBranchNotFound)
	set(pfs.Ref{Repo: "images", Commit: c.ID}, "cors", "y", pfs.KindReadOnly)
	want(master, "large", "")

	branchOf(t, s, dev, master)
	want(dev, "cors", "")
	renamed := pfs.BranchRef("images", "main")
	if _, err := s.RenameBranch(ctx, master, "main"); err != nil {
		t.Fatal(err)
	}
	want(renamed, "cors", "<x/>")
	put(t, s, renamed, "a", "3")
	if err := s.DeleteBranch(ctx, renamed, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Undelete(ctx, renamed); err != nil {
		t.Fatal(err)
	}
	want(renamed, "cors", "<x/>")
	if _, err := s.RenameRepo(ctx, "images", "pictures"); err != nil {
		t.Fatal(err)
	}
	want(pfs.BranchRef("pictures", "main"), "cors", "<x/>")
}

func TestBranchSettingsSurviveReopen(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	if err := s.SetBranchSetting(ctx, master, "cors", "<x/>"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = pfstest.OpenDisk(t, dir)
	defer s.Close()
	b, err := s.Branch(ctx, master)
	if err != nil || b.Settings["cors"] != "<x/>" {
		t.Errorf("settings are %v (%v)", b.Settings, err)
	}
	pfstest.Check(t, s)
}
