package pfs_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

func TestThin(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	s := pfstest.NewStoreWith(t, opts)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	byMount := pfs.By{Origin: pfs.OriginMount}
	automatic := func(path, text string) pfs.CommitID {
		c := ingest(t, s, text)
		if err := s.Apply(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.PutFile(path, c, nil, 0) }); err != nil {
			t.Fatal(err)
		}
		head, err := s.Cut(ctx, master)
		if err != nil {
			t.Fatal(err)
		}
		clock.Add(10 * time.Minute)
		return head.ID
	}
	var ids []pfs.CommitID
	for i := range 60 { // ten hours
		ids = append(ids, automatic("a", fmt.Sprint("a", i)))
		if i == 20 {
			ids[i] = put(t, s, master, "b", "by hand").ID
		}
		if i == 30 {
			if _, err := s.CreateTag(ctx, pfs.BranchRef("images", "v1"), master); err != nil {
				t.Fatal(err)
			}
		}
		if i == 40 {
			branchOf(t, s, dev, master)
		}
	}
	wantLog := func(min, max int) {
		t.Helper()
		n := 0
		for entry, err := range s.Log(ctx, master, "") {
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Commit(ctx, at(t, master, fmt.Sprint("HEAD~", n)))
			if err != nil || c.ID != entry.Commit.ID {
				t.Errorf("HEAD~%d is %v (%v), the log has %v", n, c.ID, err, entry.Commit.ID)
			}
			n++
		}
		if n < min || n > max {
			t.Errorf("the log has %d commits, want %d to %d", n, min, max)
		}
	}
	if gone, err := s.Thin(ctx, master, false); err != nil || len(gone) > 0 {
		t.Errorf("fresh commits were thinned out: %v (%v)", gone, err)
	}
	clock.Add(25 * time.Hour)
	wantLog(62, 62)
	would, err := s.Thin(ctx, master, true)
	if err != nil || len(would) < 40 {
		t.Errorf("%d commits would go (%v)", len(would), err)
	}
	wantLog(62, 62)
	if under, err := s.WouldThin(ctx, master, pfs.KeepForever); err != nil || len(under) > 0 {
		t.Errorf("%d commits would go although all are to be kept (%v)", len(under), err)
	}
	if under, err := s.WouldThin(ctx, master, ""); err != nil || !slices.Equal(under, would) {
		t.Errorf("under the default policy %v would go, not %v (%v)", under, would, err)
	}
	_, err = s.WouldThin(ctx, master, "sometimes")
	wantKind(t, err, pfs.KindInvalid)
	if keep, err := s.Keep(ctx, master); err != nil || keep != pfs.DefaultKeep {
		t.Errorf("the policy is %q (%v)", keep, err)
	}
	pfstest.Check(t, s)
	gone, err := s.Thin(ctx, master, false)
	if err != nil || len(gone) != len(would) {
		t.Errorf("%d commits went (%v), %d should have", len(gone), err, len(would))
	}
	pfstest.Check(t, s)
	wantLog(12, 20)
	for i, id := range map[int]pfs.CommitID{20: ids[20], 30: ids[30], 40: ids[40], 59: ids[59]} {
		if got := read(t, s, at(t, master, id.String()), "a"); got != fmt.Sprint("a", i) {
			t.Errorf("commit %d shows %q", i, got)
		}
	}
	// An id that is gone stands for the next commit that stayed.
	for _, id := range gone {
		if got := read(t, s, at(t, master, id.String()), "a"); got == "error: no such commit" {
			t.Errorf("%v cannot be found", id)
		}
	}
	if err := s.SetKeep(ctx, master, "1m:1000h"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Thin(ctx, master, false); err != nil {
		t.Fatal(err)
	}
	pfstest.Check(t, s)
	wantLog(5, 9)
	wantKind(t, s.SetKeep(ctx, master, "sometimes"), pfs.KindInvalid)
	if err := s.SetKeep(ctx, master, pfs.KeepForever); err != nil {
		t.Fatal(err)
	}
}

// TestThinBelowAnotherHead thins out what is below a commit that is the head of another branch, too.
func TestThinBelowAnotherHead(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	s := pfstest.NewStoreWith(t, opts)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	var ids []pfs.CommitID
	for i := range 6 {
		c := ingest(t, s, fmt.Sprint(i))
		byMount := pfs.By{Origin: pfs.OriginMount}
		if err := s.Apply(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.PutFile("a", c, nil, 0) }); err != nil {
			t.Fatal(err)
		}
		head, err := s.Cut(ctx, master)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, head.ID)
	}
	branchOf(t, s, dev, at(t, master, ids[4].String()))
	other := pfs.BranchRef("images", "other")
	branchOf(t, s, other, at(t, master, ids[1].String()))
	put(t, s, other, "b", "other")
	clock.Add(48 * time.Hour)
	if gone, err := s.Thin(ctx, master, false); err != nil || !slices.Equal(gone, []pfs.CommitID{ids[3], ids[2], ids[0]}) {
		t.Fatalf("%v went of %v (%v)", gone, ids, err)
	}
	head, err := s.Commit(ctx, dev)
	if err != nil || head.ID != ids[4] || !slices.Equal(head.Parents, []pfs.CommitID{ids[1]}) {
		t.Errorf("the head is %+v (%v), want parent %v", head, err, ids[1])
	}
	if _, err := s.Merge(ctx, other, dev, byCLI, pfs.ResolveNone); err != nil {
		t.Errorf("a merge: %v", err)
	}
}
