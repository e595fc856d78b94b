package pfs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

var dev = pfs.BranchRef("images", "dev")

// texts returns "path=text" for every file of a version.
func texts(t testing.TB, s *pfs.Store, ref pfs.Ref) string {
	t.Helper()
	var b strings.Builder
	for path := range strings.FieldsSeq(tree(t, s, ref)) {
		if !strings.HasSuffix(path, "/") {
			fmt.Fprintf(&b, "%s=%s ", path, read(t, s, ref, path))
		}
	}
	return strings.TrimSpace(b.String())
}

func wantTexts(t testing.TB, s *pfs.Store, ref pfs.Ref, want string) {
	t.Helper()
	if got := texts(t, s, ref); got != want {
		t.Errorf("%v shows %q, want %q", ref, got, want)
	}
}

// forked returns a store with a=1 b=1 d/x=1 d/y=1 on master and a branch dev of it.
func forked(t testing.TB) *pfs.Store {
	t.Helper()
	s := newImages(t)
	c := ingest(t, s, "1")
	update(t, s, master, func(tx *pfs.Tx) error {
		for _, path := range []string{"a", "b", "d/x", "d/y"} {
			if err := tx.PutFile(path, c, nil, 0); err != nil {
				return err
			}
		}
		return nil
	})
	branchOf(t, s, dev, master)
	return s
}

func branchOf(t testing.TB, s *pfs.Store, ref, from pfs.Ref) {
	t.Helper()
	if _, err := s.CreateBranch(ctx, ref, pfs.BranchOptions{From: from}); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, s *pfs.Store, ref pfs.Ref, path string) pfs.Commit {
	t.Helper()
	return update(t, s, ref, func(tx *pfs.Tx) error { return tx.Remove(path) })
}

func TestMerge(t *testing.T) {
	for name, tt := range map[string]struct {
		ours, theirs func(t *testing.T, s *pfs.Store)
		resolve      pfs.Resolve
		want         string
		conflicts    string
		parents      int
	}{
		"fast forward": {
			theirs: func(t *testing.T, s *pfs.Store) { put(t, s, dev, "a", "2") },
			want:   "a=2 b=1 d/x=1 d/y=1", parents: 1,
		},
		"nothing to merge": {
			ours: func(t *testing.T, s *pfs.Store) { put(t, s, master, "a", "2") },
			want: "a=2 b=1 d/x=1 d/y=1", parents: 1,
		},
		"different files": {
			ours:   func(t *testing.T, s *pfs.Store) { put(t, s, master, "a", "2"); put(t, s, master, "d/x", "2") },
			theirs: func(t *testing.T, s *pfs.Store) { put(t, s, dev, "b", "3"); put(t, s, dev, "d/y", "3") },
			want:   "a=2 b=3 d/x=2 d/y=3", parents: 2,
		},
		"the same change on both sides": {
			ours:   func(t *testing.T, s *pfs.Store) { put(t, s, master, "a", "2"); remove(t, s, master, "b") },
			theirs: func(t *testing.T, s *pfs.Store) { put(t, s, dev, "a", "2"); remove(t, s, dev, "b") },
			want:   "a=2 d/x=1 d/y=1", parents: 2,
		},
		"both made the same directory": {
			ours:   func(t *testing.T, s *pfs.Store) { put(t, s, master, "e/1", "2") },
			theirs: func(t *testing.T, s *pfs.Store) { put(t, s, dev, "e/2", "3") },
			want:   "a=1 b=1 d/x=1 d/y=1 e/1=2 e/2=3", parents: 2,
		},
		"conflicts": {
			ours: func(t *testing.T, s *pfs.Store) {
				put(t, s, master, "a", "2")
				remove(t, s, master, "b")
				put(t, s, master, "d/x", "2")
			},
			theirs: func(t *testing.T, s *pfs.Store) {
				put(t, s, dev, "a", "3")
				put(t, s, dev, "b", "3")
				remove(t, s, dev, "d/x")
				put(t, s, dev, "new", "3")
			},
			want: "a=2 d/x=2 d/y=1", conflicts: "a b d/x", parents: 1,
		},
		"ours": {
			ours:    func(t *testing.T, s *pfs.Store) { put(t, s, master, "a", "2") },
			theirs:  func(t *testing.T, s *pfs.Store) { put(t, s, dev, "a", "3"); put(t, s, dev, "new", "3") },
			resolve: pfs.ResolveOurs, want: "a=2 b=1 d/x=1 d/y=1 new=3", parents: 2,
		},
		"theirs": {
			ours:    func(t *testing.T, s *pfs.Store) { put(t, s, master, "a", "2"); put(t, s, master, "d/x", "2") },
			theirs:  func(t *testing.T, s *pfs.Store) { put(t, s, dev, "a", "3"); remove(t, s, dev, "d/x") },
			resolve: pfs.ResolveTheirs, want: "a=3 b=1 d/y=1", parents: 2,
		},
		"file against directory": {
			ours: func(t *testing.T, s *pfs.Store) { put(t, s, master, "new", "2") },
			theirs: func(t *testing.T, s *pfs.Store) {
				put(t, s, dev, "new/x", "3")
			},
			want: "a=1 b=1 d/x=1 d/y=1 new=2", conflicts: "new", parents: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := forked(t)
			for _, change := range []func(*testing.T, *pfs.Store){tt.ours, tt.theirs} {
				if change != nil {
					change(t, s)
				}
			}
			head, err := s.Merge(ctx, dev, master, byCLI, tt.resolve)
			var conflict *pfs.ConflictError
			if errors.As(err, &conflict) != (tt.conflicts != "") || err != nil && tt.conflicts == "" {
				t.Fatal(err)
			}
			if conflict != nil {
				wantKind(t, err, pfs.KindConflict)
				if got := strings.Join(conflict.Paths, " "); got != tt.conflicts {
					t.Errorf("conflicts %q, want %q", got, tt.conflicts)
				}
				head, _ = s.Commit(ctx, master)
			}
			wantTexts(t, s, master, tt.want)
			if len(head.Parents) != tt.parents {
				t.Errorf("the head has %d parents, want %d", len(head.Parents), tt.parents)
			}
			// Every path's version is one at which the path can be read.
			snap, err := s.Snapshot(ctx, master)
			if err != nil {
				t.Fatal(err)
			}
			for item, err := range snap.Walk(ctx, "", "") {
				if err != nil {
					t.Fatal(err)
				}
				if item.Entry.Kind != pfs.EntryFile {
					continue
				}
				old := read(t, s, at(t, master, item.Entry.Changed.Commit.String()), item.Path)
				if old != read(t, s, master, item.Path) {
					t.Errorf("%s at its own version: %q", item.Path, old)
				}
			}
		})
	}
}

func TestMergeTwiceTakesOnlyWhatIsNew(t *testing.T) {
	s := forked(t)
	put(t, s, dev, "a", "2")
	put(t, s, master, "b", "2")
	for _, want := range []string{"a=2 b=2 d/x=1 d/y=1", "a=3 b=2 d/x=1 d/y=1"} {
		if _, err := s.Merge(ctx, dev, master, byCLI, pfs.ResolveNone); err != nil {
			t.Fatal(err)
		}
		wantTexts(t, s, master, want)
		put(t, s, dev, "a", "3")
	}
}

func TestRevertAndCherryPick(t *testing.T) {
	s := forked(t)
	bad := put(t, s, master, "a", "bad")
	put(t, s, master, "b", "good")
	if _, err := s.Revert(ctx, pfs.Ref{Repo: "images", Commit: bad.ID}, master, byCLI, pfs.ResolveNone); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, master, "a=1 b=good d/x=1 d/y=1")
	_, err := s.CherryPick(ctx, pfs.Ref{Repo: "images", Commit: bad.ID}, dev, byCLI, pfs.ResolveNone)
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, dev, "a=bad b=1 d/x=1 d/y=1")
	put(t, s, dev, "a", "other")
	_, err = s.Revert(ctx, pfs.Ref{Repo: "images", Commit: bad.ID}, dev, byCLI, pfs.ResolveNone)
	wantKind(t, err, pfs.KindConflict)
	wantTexts(t, s, dev, "a=other b=1 d/x=1 d/y=1")
}

func TestResetAndSquash(t *testing.T) {
	s := forked(t)
	base, err := s.Commit(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		put(t, s, master, "a", fmt.Sprint("s", i))
		put(t, s, master, fmt.Sprint("n", i), "x")
	}
	last, _ := s.Commit(ctx, master)
	made, err := s.Squash(ctx, master, pfs.Ref{Repo: "images", Commit: base.ID}, pfs.Ref{}, byCLI)
	if err != nil || len(made.Parents) != 1 || made.Parents[0] != base.ID {
		t.Fatalf("squash made %+v (%v)", made, err)
	}
	wantTexts(t, s, master, "a=s4 b=1 d/x=1 d/y=1 n0=x n1=x n2=x n3=x n4=x")
	wantTexts(t, s, pfs.Ref{Repo: "images", Commit: last.ID}, texts(t, s, master))
	wantTexts(t, s, at(t, master, "HEAD^"), "a=1 b=1 d/x=1 d/y=1")
	snap, _ := s.Snapshot(ctx, master)
	if e, err := snap.Stat(ctx, "n3"); err != nil || e.Changed.Commit != made.ID {
		t.Errorf("n3 changed by %v (%v), want the squashed commit", e.Changed.Commit, err)
	}
	_, err = s.Squash(ctx, master, pfs.Ref{Repo: "images", Commit: last.ID}, pfs.Ref{}, byCLI)
	wantKind(t, err, pfs.KindCommitNotFound)
	if _, err := s.Reset(ctx, master, at(t, master, "HEAD^"), byCLI); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, master, "a=1 b=1 d/x=1 d/y=1")
	put(t, s, master, "a", "again")
	wantTexts(t, s, at(t, master, "HEAD^"), "a=1 b=1 d/x=1 d/y=1")
	_, err = s.Snapshot(ctx, at(t, master, last.ID.String()))
	wantKind(t, err, pfs.KindCommitNotFound)
}

func TestTags(t *testing.T) {
	s := forked(t)
	v1 := pfs.BranchRef("images", "v1")
	if _, err := s.CreateTag(ctx, v1, master); err != nil {
		t.Fatal(err)
	}
	put(t, s, master, "a", "2")
	wantTexts(t, s, v1, "a=1 b=1 d/x=1 d/y=1")
	for _, err := range []error{
		second(s.CreateTag(ctx, v1, master)), second(s.CreateBranch(ctx, v1, pfs.BranchOptions{})),
		second(s.CreateTag(ctx, dev, master)),
	} {
		wantKind(t, err, pfs.KindExists)
	}
	_, err := s.Update(ctx, v1, byCLI, func(tx *pfs.Tx) error { return tx.Remove("a") })
	wantKind(t, err, pfs.KindReadOnly)
	if tags, err := s.Tags(ctx, "images"); err != nil || len(tags) != 1 || tags[0].Name != "v1" {
		t.Errorf("tags: %v (%v)", tags, err)
	}
	if err := s.DeleteTag(ctx, v1); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.DeleteTag(ctx, v1), pfs.KindBranchNotFound)
	if err := s.Undelete(ctx, v1); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, v1, "a=1 b=1 d/x=1 d/y=1")
}

func second[T any](_ T, err error) error { return err }

func TestOpenCommit(t *testing.T) {
	s := forked(t)
	before := texts(t, s, master)
	open, err := s.StartCommit(ctx, master, pfs.By{Author: "ann", Message: "big change"})
	if err != nil {
		t.Fatal(err)
	}
	inside := pfs.Ref{Repo: "images", Name: "master", Commit: open.ID}
	put(t, s, inside, "a", "2")
	c := ingest(t, s, "3")
	err = s.Apply(ctx, inside, byCLI, func(tx *pfs.Tx) error { return tx.PutFile("new/x", c, nil, 0) })
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, inside, "a=2 b=1 d/x=1 d/y=1 new/x=3")
	wantTexts(t, s, master, before)
	other, err := s.StartCommit(ctx, master, byCLI)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := pfs.Ref{Repo: "images", Commit: other.ID}
	put(t, s, elsewhere, "a", "other")
	put(t, s, master, "b", "2")
	made, err := s.FinishCommit(ctx, inside, byCLI, pfs.ResolveNone)
	if err != nil || made.ID != open.ID || made.Author != "ann" || made.Message != "big change" {
		t.Fatalf("finish made %+v (%v)", made, err)
	}
	wantTexts(t, s, master, "a=2 b=2 d/x=1 d/y=1 new/x=3")
	_, err = s.FinishCommit(ctx, inside, byCLI, pfs.ResolveNone)
	wantKind(t, err, pfs.KindReadOnly)
	_, err = s.Update(ctx, inside, byCLI, func(tx *pfs.Tx) error { return tx.Remove("a") })
	wantKind(t, err, pfs.KindReadOnly)
	_, err = s.FinishCommit(ctx, elsewhere, byCLI, pfs.ResolveNone)
	wantKind(t, err, pfs.KindConflict)
	wantTexts(t, s, elsewhere, "a=other b=1 d/x=1 d/y=1")
	if _, err = s.FinishCommit(ctx, elsewhere, byCLI, pfs.ResolveTheirs); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, master, "a=other b=2 d/x=1 d/y=1 new/x=3")
	third, err := s.StartCommit(ctx, master, byCLI)
	wantKind(t, s.DeleteBranch(ctx, pfs.Ref{Repo: "images", Name: "master", Commit: third.ID}, true), pfs.KindReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.OpenCommits(ctx, "images"); err != nil || len(list) != 1 || list[0].ID != third.ID {
		t.Errorf("open commits: %v (%v)", list, err)
	}
	aborted := pfs.Ref{Repo: "images", Commit: third.ID}
	if err := s.AbortCommit(ctx, aborted); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.AbortCommit(ctx, aborted), pfs.KindCommitNotFound)
}

// TestCombiningInOpenCommits undoes and repeats commits inside of an open commit, which makes none of its own, and finds that
// what would give it another history is refused.
func TestCombiningInOpenCommits(t *testing.T) {
	s := forked(t)
	put(t, s, dev, "b", "dev")
	put(t, s, master, "a", "2")
	open, err := s.StartCommit(ctx, master, pfs.By{Author: "ann", Message: "open"})
	if err != nil {
		t.Fatal(err)
	}
	inside := pfs.Ref{Repo: "images", Commit: open.ID}
	before := texts(t, s, master)
	for what, err := range map[string]error{
		"merge":  second(s.Merge(ctx, dev, inside, byCLI, pfs.ResolveNone)),
		"reset":  second(s.Reset(ctx, inside, dev, byCLI)),
		"squash": second(s.Squash(ctx, inside, dev, pfs.Ref{}, byCLI)),
	} {
		if pfs.KindOf(err) != pfs.KindInvalid {
			t.Errorf("%s of an open commit: %v", what, err)
		}
	}
	wantTexts(t, s, inside, before)
	for what, f := range map[string]func(context.Context, pfs.Ref, pfs.Ref, pfs.By, pfs.Resolve) (pfs.Commit, error){
		"master": s.Revert, "dev": s.CherryPick,
	} {
		if made, err := f(ctx, pfs.BranchRef("images", what), inside, byCLI, pfs.ResolveNone); err != nil || !made.ID.IsZero() {
			t.Fatalf("in an open commit a commit was made: %+v (%v)", made, err)
		}
	}
	wantTexts(t, s, inside, "a=1 b=dev d/x=1 d/y=1")
	wantTexts(t, s, master, before)
	put(t, s, master, "c", "3")
	made, err := s.FinishCommit(ctx, inside, byCLI, pfs.ResolveNone)
	if err != nil || made.ID != open.ID || made.Author != "ann" || made.Message != "open" || len(made.Parents) != 1 {
		t.Fatalf("finish made %+v (%v)", made, err)
	}
	wantTexts(t, s, master, "a=1 b=dev c=3 d/x=1 d/y=1")
}

// TestBeforeOpenCommit finds the versions before an open commit, and none where there is none.
func TestBeforeOpenCommit(t *testing.T) {
	s := forked(t)
	put(t, s, master, "a", "2")
	open, err := s.StartCommit(ctx, master, byCLI)
	if err != nil {
		t.Fatal(err)
	}
	inside := pfs.Ref{Repo: "images", Name: "master", Commit: open.ID, Committed: true}
	for up, want := range []string{1: "a=2 b=1 d/x=1 d/y=1", 2: "a=1 b=1 d/x=1 d/y=1"} {
		if inside.Up = up; up > 0 {
			wantTexts(t, s, inside, want)
		}
	}
	for _, ref := range []pfs.Ref{
		{Repo: "images", Commit: open.ID, Committed: true, Up: 99},
		{Repo: "images", Commit: pfs.CommitID{1}, Committed: true, Up: 1},
		{Repo: "images", Name: "dev", Commit: open.ID, Committed: true, Up: 1},
	} {
		_, err = s.Snapshot(ctx, ref)
		wantKind(t, err, pfs.KindCommitNotFound)
	}
}

func TestOpenCommitSurvivesReopen(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	open, err := s.StartCommit(ctx, master, pfs.By{Message: "m"})
	if err != nil {
		t.Fatal(err)
	}
	inside := pfs.Ref{Repo: "images", Commit: open.ID}
	put(t, s, inside, "a", "1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = pfstest.OpenDisk(t, dir)
	wantTexts(t, s, inside, "a=1")
	pfstest.Check(t, s)
	if made, err := s.FinishCommit(ctx, inside, byCLI, pfs.ResolveNone); err != nil || made.Message != "m" {
		t.Errorf("finish made %+v (%v)", made, err)
	}
	wantTexts(t, s, master, "a=1")
	pfstest.Check(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRenameAndUndelete(t *testing.T) {
	s := forked(t)
	if _, err := s.RenameBranch(ctx, dev, "prod"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Snapshot(ctx, dev)
	wantKind(t, err, pfs.KindBranchNotFound)
	if _, err := s.RenameRepo(ctx, "images", "pictures"); err != nil {
		t.Fatal(err)
	}
	prod := pfs.BranchRef("pictures", "prod")
	put(t, s, prod, "a", "2")
	wantTexts(t, s, prod, "a=2 b=1 d/x=1 d/y=1")
	if err := s.DeleteBranch(ctx, prod, false); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteRepo(ctx, "pictures", true); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.UndeleteRepo(ctx, "images"), pfs.KindRepoNotFound)
	if err := s.UndeleteRepo(ctx, "pictures"); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, pfs.BranchRef("pictures", "master"), "a=1 b=1 d/x=1 d/y=1")
	_, err = s.Snapshot(ctx, prod)
	wantKind(t, err, pfs.KindBranchNotFound) // it was deleted before its repo was
	if err := s.Undelete(ctx, prod); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, prod, "a=2 b=1 d/x=1 d/y=1")
	wantKind(t, s.Undelete(ctx, prod), pfs.KindExists)
}

// TestRenameTakesOpenCommitsAlong renames a branch with an open commit, which goes on, is opened again, and finished.
func TestRenameTakesOpenCommitsAlong(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	branchOf(t, s, dev, master)
	open, err := s.StartCommit(ctx, dev, byCLI)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, pfs.Ref{Repo: "images", Commit: open.ID}, "a", "1")
	if _, err := s.RenameBranch(ctx, dev, "prod"); err != nil {
		t.Fatal(err)
	}
	inside := pfs.Ref{Repo: "images", Name: "prod", Commit: open.ID}
	wantTexts(t, s, inside, "a=1")
	put(t, s, inside, "b", "2")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = pfstest.OpenDisk(t, dir)
	if all, err := s.OpenCommits(ctx, "images"); err != nil || len(all) != 1 || all[0].Branch != "prod" {
		t.Errorf("the open commits are %+v (%v), want one on prod", all, err)
	}
	if _, err := s.FinishCommit(ctx, inside, byCLI, pfs.ResolveNone); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, pfs.BranchRef("images", "prod"), "a=1 b=2")
	pfstest.Check(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCopySharesEverything(t *testing.T) {
	s := forked(t)
	put(t, s, master, "d/x", "2")
	old, err := s.Snapshot(ctx, at(t, master, "HEAD^"))
	if err != nil {
		t.Fatal(err)
	}
	made := update(t, s, master, func(tx *pfs.Tx) error {
		return errors.Join(tx.Copy("e/f", old, "d"), tx.Copy("b", old, "d/x"), tx.Copy("d/y", old, "d"))
	})
	wantTexts(t, s, master, "a=1 b=1 d/x=2 d/y/x=1 d/y/y=1 e/f/x=1 e/f/y=1")
	snap, _ := s.Snapshot(ctx, master)
	if e, err := snap.Stat(ctx, "e/f/x"); err != nil || e.Changed.Commit != made.ID {
		t.Errorf("a copied file changed by %v (%v), want the copying commit", e.Changed.Commit, err)
	}
	update(t, s, master, func(tx *pfs.Tx) error { return tx.Copy("", old, "") })
	wantTexts(t, s, master, "a=1 b=1 d/x=1 d/y=1")
}

func TestDiff(t *testing.T) {
	s := forked(t)
	put(t, s, dev, "a", "2")
	remove(t, s, dev, "d/x")
	put(t, s, dev, "e/f/g", "3")
	remove(t, s, dev, "b")
	put(t, s, dev, "b/c", "4")
	for path, want := range map[string]string{
		"": "~a +b/ +b/c -b -d/x +e/ +e/f/ +e/f/g", "d": "-d/x", "e": "+e +e/f +e/f/g", "d/y": "",
	} {
		var got []string
		for d, err := range s.Diff(ctx, master, dev, path) {
			if err != nil {
				t.Fatal(err)
			}
			sign := "~"
			if d.Before == nil {
				sign = "+"
			} else if d.After == nil {
				sign = "-"
			}
			got = append(got, sign+d.Path)
		}
		if len(got) != len(strings.Fields(want)) {
			t.Errorf("diff of %q: %v, want %s", path, got, want)
		}
	}
}

func TestUsage(t *testing.T) {
	s := newImages(t)
	shared, own := strings.Repeat("s", 1000), strings.Repeat("o", 500)
	put(t, s, master, "a", shared)
	put(t, s, master, "b", shared)
	branchOf(t, s, dev, master)
	put(t, s, dev, "c", own)
	put(t, s, dev, "old", strings.Repeat("x", 300))
	remove(t, s, dev, "old")
	for _, tt := range []struct {
		ref     pfs.Ref
		history bool
		want    pfs.Usage
	}{
		{master, false, pfs.Usage{Files: 2, Logical: 2000, Unique: 1000, Physical: 1000}},
		{dev, false, pfs.Usage{Files: 3, Logical: 2500, Unique: 1500, Physical: 1500}},
		{dev, true, pfs.Usage{Files: 4, Logical: 2800, Unique: 1800, Physical: 1800, Alone: 800}},
	} {
		if got, err := s.Usage(ctx, tt.ref, tt.history); err != nil || got != tt.want {
			t.Errorf("usage of %v (history %v): %+v (%v), want %+v", tt.ref, tt.history, got, err, tt.want)
		}
	}
}

// A directory in which something was made and removed again before the commit is none that the commit changed, even if the
// commit changes others: fsck would find the rows of the path index that say so.
func TestTakenBackBeforeTheCommit(t *testing.T) {
	s := newImages(t)
	c := ingest(t, s, "text")
	update(t, s, master, func(tx *pfs.Tx) error {
		for _, path := range []string{"a/b/c/stays", "d/stays"} {
			if err := tx.PutFile(path, c, nil, 0); err != nil {
				return err
			}
		}
		return nil
	})
	for _, fn := range []func(*pfs.Tx) error{
		func(tx *pfs.Tx) error { return tx.PutFile("a/b/c/goes", c, nil, 0) },
		func(tx *pfs.Tx) error { return tx.Remove("a/b/c/goes") },
		func(tx *pfs.Tx) error { return tx.PutFile("d/new", c, nil, 0) },
	} {
		if err := s.Apply(ctx, master, byMount, fn); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Cut(ctx, master); err != nil {
		t.Fatal(err)
	}
}
