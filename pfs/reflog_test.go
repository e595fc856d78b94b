package pfs_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/pfstest"
)

// newClocked returns a store with the repo images, on a clock that the test drives.
func newClocked(t *testing.T) (*pfs.Store, *pfstest.Clock) {
	t.Helper()
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	s := pfstest.NewStoreWith(t, opts)
	makeRepo(t, s, "images")
	return s, clock
}

// headsOf returns the heads that a branch had.
func headsOf(t *testing.T, s *pfs.Store, ref pfs.Ref) []pfs.Head {
	t.Helper()
	var heads []pfs.Head
	for h, err := range s.Reflog(ctx, ref) {
		noError(t, err)
		heads = append(heads, h)
	}
	return heads
}

// wantHeads compares the heads of a branch with a line for each: the name of its commit among ids, how long it stays, and,
// where it was moved, why.
func wantHeads(t *testing.T, s *pfs.Store, ref pfs.Ref, ids map[string]pfs.CommitID, want ...string) []pfs.Head {
	t.Helper()
	names := map[pfs.CommitID]string{}
	for name, id := range ids {
		names[id] = name
	}
	heads := headsOf(t, s, ref)
	var got []string
	for _, h := range heads {
		state := "left"
		switch {
		case h.Named:
			state = "named"
		case h.Gone:
			state = "gone"
		}
		line := names[h.ID] + " " + state
		if h.Moved {
			line += " " + h.Why
		}
		got = append(got, line)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the heads of %v are\n%s\nwant\n%s", ref, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return heads
}

// TestReflog moves a branch in all ways: each head that it had is listed, with why and by whom it was moved.
func TestReflog(t *testing.T) {
	s, clock := newClocked(t)
	empty, err := s.Commit(ctx, master)
	noError(t, err)
	ids := map[string]pfs.CommitID{"empty": empty.ID}
	ids["one"] = put(t, s, master, "f", "1").ID
	clock.Add(time.Minute)
	_, err = s.CreateBranch(ctx, dev, pfs.BranchOptions{From: master, By: pfs.By{Origin: pfs.OriginS3, Author: "bob"}})
	noError(t, err)
	ids["two"] = put(t, s, dev, "f", "2").ID
	ids["three"] = put(t, s, dev, "f", "3").ID
	_, err = s.Merge(ctx, dev, master, byCLI, pfs.ResolveNone)
	noError(t, err)
	moved, err := s.Squash(ctx, dev, at(t, dev, "HEAD~2"), pfs.Ref{}, pfs.By{Author: "ann", Message: "all"})
	noError(t, err)
	ids["squashed"] = moved.ID
	if moved.Was != ids["three"] || !moved.Until.IsZero() {
		t.Errorf("a squash of commits that master has gives %+v", moved)
	}
	clock.Add(time.Minute)
	by := pfs.By{Origin: pfs.OriginCLI, Author: "eve"}
	moved, err = s.Reset(ctx, dev, at(t, master, "HEAD~1"), by)
	noError(t, err)
	left, err := s.LeftBehind(ctx)
	noError(t, err)
	if len(left) != 1 || left[0].ID != ids["squashed"] || left[0].Repo+left[0].Name != "imagesdev" ||
		!left[0].Until.Equal(moved.Until) || !moved.Until.Equal(left[0].Time.Add(pfs.DefaultGrace)) || moved.Was != left[0].ID {
		t.Errorf("a reset gives %+v, and what was left behind is %+v", moved, left)
	}
	heads := wantHeads(t, s, dev, ids,
		"two named reset to master~1.images", "squashed left squash of all since dev~2.images: all", "three named", "two named",
		"one named created from master.images")
	if h := heads[0]; !h.Time.Equal(left[0].Time) || h.Author != "eve" || h.Origin != pfs.OriginCLI {
		t.Errorf("the reset is told as %+v", h)
	}
	if h := heads[4]; h.Author != "bob" || h.Origin != pfs.OriginS3 || !heads[3].Time.After(h.Time) {
		t.Errorf("the creation is told as %+v", h)
	}
	if !heads[1].Until.Equal(moved.Until) {
		t.Errorf("the commit that was left is told as %+v", heads[1])
	}
	wantHeads(t, s, master, ids, "three named merge dev.images", "one named", "empty named")
	// To the same commit is no move, and what a name leads to is not left behind.
	_, err = s.Reset(ctx, dev, at(t, dev, ids["two"].String()), by)
	noError(t, err)
	_, err = s.CreateTag(ctx, pfs.BranchRef("images", "v1"), pfs.Ref{Repo: "images", Commit: ids["squashed"]})
	noError(t, err)
	if heads = headsOf(t, s, dev); len(heads) != 5 || !heads[1].Named {
		t.Errorf("after a reset to the head, and a tag, the heads are %+v", heads)
	}
	if left, err = s.LeftBehind(ctx); err != nil || len(left) != 0 {
		t.Errorf("what a tag names is left behind: %+v, %v", left, err)
	}
}

// TestReflogOfPending resets a branch on which something is pending: the commit that is made of that is a head, too.
func TestReflogOfPending(t *testing.T) {
	s, _ := newClocked(t)
	ids := map[string]pfs.CommitID{"one": put(t, s, master, "f", "1").ID}
	c := ingest(t, s, "2")
	noError(t, s.Apply(ctx, master, pfs.By{Origin: pfs.OriginMount}, func(tx *pfs.Tx) error { return tx.PutFile("f", c, nil, 0) }))
	moved, err := s.Reset(ctx, master, pfs.Ref{Repo: "images", Commit: ids["one"]}, byCLI)
	noError(t, err)
	ids["pending"] = moved.Was
	heads := headsOf(t, s, master)
	ids["empty"] = heads[len(heads)-1].ID
	wantHeads(t, s, master, ids, "one named reset to "+ids["one"].String()+".images", "pending left", "one named", "empty named")
	wantTexts(t, s, pfs.Ref{Repo: "images", Commit: moved.Was}, "f=2")
}

// TestReflogRefused asks for the heads of what has none.
func TestReflogRefused(t *testing.T) {
	s := forked(t)
	_, err := s.CreateTag(ctx, pfs.BranchRef("images", "v1"), master)
	noError(t, err)
	open, err := s.StartCommit(ctx, master, byCLI)
	noError(t, err)
	for ref, want := range map[pfs.Ref]pfs.Kind{
		pfs.BranchRef("images", "v1"):       pfs.KindBranchNotFound,
		pfs.BranchRef("none", "master"):     pfs.KindRepoNotFound,
		at(t, master, "HEAD^"):              pfs.KindBranchNotFound,
		{Repo: "images", Commit: open.ID}:   pfs.KindInvalid,
		pfs.BranchRef("images", "new-born"): pfs.KindBranchNotFound,
	} {
		for _, err := range s.Reflog(ctx, ref) {
			wantKind(t, err, want)
		}
	}
}

// TestLeftBehindStays collects garbage just before and just after the time up to which a commit was promised to stay.
func TestLeftBehindStays(t *testing.T) {
	s, clock := newClocked(t)
	empty, err := s.Commit(ctx, master)
	noError(t, err)
	ids := map[string]pfs.CommitID{"empty": empty.ID, "one": put(t, s, master, "f", "1").ID, "two": put(t, s, master, "f", "2").ID}
	clock.Add(time.Hour)
	moved, err := s.Reset(ctx, master, at(t, master, "HEAD~2"), byCLI)
	noError(t, err)
	ids["three"] = put(t, s, master, "f", "3").ID
	// Others know of an earlier time, or of none: the longest counts, and that is what is told.
	branchOf(t, s, dev, pfs.Ref{Repo: "images", Commit: ids["one"]})
	collect(t, s, -1)
	clock.Add(moved.Until.Sub(clock.Now()) - time.Millisecond)
	collect(t, s, -1)
	wantHeads(t, s, master, ids, "three named", "empty named reset to master~2.images", "two left", "one named", "empty named")
	if got := read(t, s, pfs.Ref{Repo: "images", Commit: ids["two"]}, "f"); got != "2" {
		t.Errorf("before its time the commit has %q", got)
	}
	clock.Add(2 * time.Millisecond)
	if r := collect(t, s, -1); r.Commits != 1 {
		t.Errorf("after its time the collection is %+v", r)
	}
	_, err = s.Commit(ctx, pfs.Ref{Repo: "images", Commit: ids["two"]})
	wantKind(t, err, pfs.KindCommitNotFound)
	wantHeads(t, s, master, ids, "three named", "empty named reset to master~2.images", "two gone", "one named", "empty named")
	if left, err := s.LeftBehind(ctx); err != nil || len(left) != 0 {
		t.Errorf("left behind: %+v, %v", left, err)
	}
}

// TestLeftBehindOnce leaves a commit twice, so that two times are known for it: it is listed once, with the later one, and a
// collection keeps to that.
func TestLeftBehindOnce(t *testing.T) {
	s, clock := newClocked(t)
	put(t, s, master, "f", "1")
	two := put(t, s, master, "f", "2")
	_, err := s.Reset(ctx, master, at(t, master, "HEAD^"), byCLI)
	noError(t, err)
	clock.Add(time.Hour)
	_, err = s.Reset(ctx, master, pfs.Ref{Repo: "images", Commit: two.ID}, byCLI)
	noError(t, err)
	clock.Add(time.Hour)
	moved, err := s.Reset(ctx, master, at(t, master, "HEAD~2"), byCLI)
	noError(t, err)
	left, err := s.LeftBehind(ctx)
	noError(t, err)
	if len(left) != 1 || left[0].ID != two.ID || !left[0].Until.Equal(moved.Until) {
		t.Errorf("left behind are %+v, want %v until %v", left, two.ID, moved.Until)
	}
	clock.Add(pfs.DefaultGrace - time.Minute)
	collect(t, s, -1)
	if got := read(t, s, pfs.Ref{Repo: "images", Commit: two.ID}, "f"); got != "2" {
		t.Errorf("before its time the commit has %q", got)
	}
	noError(t, s.DeleteRepo(ctx, "images", true))
	if left, err = s.LeftBehind(ctx); err != nil || len(left) != 0 {
		t.Errorf("of a repo that was deleted there is %+v, %v", left, err)
	}
}

// TestLeftByOpenCommit has an open commit alone lead to the one that it was started on, until it ends: that stays for a grace
// period from then on.
func TestLeftByOpenCommit(t *testing.T) {
	s, clock := newClocked(t)
	base := put(t, s, master, "f", "1")
	var open []pfs.Ref
	for range 2 {
		o, err := s.StartCommit(ctx, master, byCLI)
		noError(t, err)
		open = append(open, pfs.Ref{Repo: "images", Commit: o.ID})
	}
	_, err := s.Reset(ctx, master, at(t, master, "HEAD^"), byCLI)
	noError(t, err)
	for i, end := range []func(pfs.Ref) error{
		func(ref pfs.Ref) error { return s.AbortCommit(ctx, ref) },
		func(ref pfs.Ref) error { return second(s.FinishCommit(ctx, ref, byCLI, pfs.ResolveTheirs)) },
	} {
		clock.Add(2 * pfs.DefaultGrace)
		collect(t, s, -1)
		noError(t, end(open[i]))
	}
	clock.Add(pfs.DefaultGrace - time.Minute)
	collect(t, s, -1)
	left, err := s.LeftBehind(ctx)
	if err != nil || len(left) != 1 || left[0].ID != base.ID || left[0].Until.Sub(clock.Now()) > time.Minute {
		t.Errorf("left behind: %+v, %v", left, err)
	}
	clock.Add(2 * time.Minute)
	collect(t, s, -1)
	_, err = s.Commit(ctx, pfs.Ref{Repo: "images", Commit: base.ID})
	wantKind(t, err, pfs.KindCommitNotFound)
}

// TestReflogFollowsTheBranch renames, deletes and restores a branch, which keeps its heads; one made anew has none of them.
func TestReflogFollowsTheBranch(t *testing.T) {
	s, clock := newClocked(t)
	ids := map[string]pfs.CommitID{"one": put(t, s, master, "f", "1").ID}
	branchOf(t, s, dev, master)
	ids["two"] = put(t, s, dev, "f", "2").ID
	_, err := s.Reset(ctx, dev, master, byCLI)
	noError(t, err)
	want := []string{"one named reset to master.images", "two left", "one named created from master.images"}
	aside := pfs.BranchRef("pictures", "aside")
	_, err = s.RenameBranch(ctx, dev, "aside")
	noError(t, err)
	_, err = s.RenameRepo(ctx, "images", "pictures")
	noError(t, err)
	wantHeads(t, s, aside, ids, want...)
	noError(t, s.DeleteBranch(ctx, aside, false))
	branchOf(t, s, aside, pfs.BranchRef("pictures", "master"))
	wantHeads(t, s, aside, ids, "one named created from master.pictures")
	noError(t, s.DeleteBranch(ctx, aside, false))
	clock.Add(time.Hour)
	collect(t, s, -1)
	noError(t, s.Undelete(ctx, aside)) // the latest
	wantHeads(t, s, aside, ids, "one named created from master.pictures")
	_, err = s.RenameBranch(ctx, aside, "later")
	noError(t, err)
	noError(t, s.Undelete(ctx, aside))
	wantHeads(t, s, aside, ids, want...)
}

// TestReflogIsBounded resets a branch time and again: what is kept of moves goes a grace period after the next one, and with
// the branch.
func TestReflogIsBounded(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	rows := memkv.New()
	s := openMemoryWith(t, rows, pack.NewMemory(nil), opts)
	defer func() { noError(t, s.Close()) }()
	makeRepo(t, s, "images")
	put(t, s, master, "f", "1")
	branchOf(t, s, dev, at(t, master, "HEAD^"))
	for i := range 100 {
		to := master
		if i%2 == 1 {
			to = at(t, master, "HEAD^")
		}
		_, err := s.Reset(ctx, dev, to, byCLI)
		noError(t, err)
		clock.Add(time.Hour)
	}
	if n := len(headsOf(t, s, dev)); n != 101 {
		t.Errorf("before a collection there are %d heads, want 101", n)
	}
	collect(t, s, -1)
	// 71 moves were followed by one less than 72 hours ago, or by none; the one before them gave the oldest head.
	if n := len(headsOf(t, s, dev)); n != 73 {
		t.Errorf("after a collection there are %d heads, want 73", n)
	}
	clock.Add(pfs.DefaultGrace)
	collect(t, s, -1)
	if n := len(headsOf(t, s, dev)); n != 2 {
		t.Errorf("when all but the last are old there are %d heads, want 2", n)
	}
	pfstest.Check(t, s)
	noError(t, s.DeleteBranch(ctx, dev, false))
	clock.Add(pfs.DefaultGrace)
	collect(t, s, -1)
	if n := countMoves(t, rows); n != 0 {
		t.Errorf("%d moves are left of a branch that has gone", n)
	}
	pfstest.Check(t, s)
}

func countMoves(t *testing.T, rows *memkv.Store) (n int) {
	t.Helper()
	noError(t, rows.View(ctx, func(r kv.Reader) error {
		for _, err := range r.Scan(schema.MovePrefix(), nil, false) {
			noError(t, err)
			n++
		}
		return nil
	}))
	return n
}

// withoutMoves returns rows as programs left them that kept no moves.
func withoutMoves(t *testing.T, rows *memkv.Store) *memkv.Store {
	t.Helper()
	old := rows.Crash()
	var lost kv.Batch
	noError(t, old.View(ctx, func(r kv.Reader) error {
		for _, prefix := range [][]byte{schema.MovePrefix(), schema.TombPrefix()} {
			for row, err := range r.Scan(prefix, nil, false) {
				noError(t, err)
				lost.Deletes = append(lost.Deletes, row.Key)
			}
		}
		return nil
	}))
	noError(t, old.Commit(ctx, lost))
	return old
}

// TestReflogOfOldStore reads a store of a program that kept no moves: what is known is told, and what was left behind stays for a
// grace period from when a collection first sees it.
func TestReflogOfOldStore(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	s := openMemory(t, rows, disk)
	makeRepo(t, s, "images")
	ids := map[string]pfs.CommitID{"one": put(t, s, master, "f", "1").ID}
	branchOf(t, s, dev, master)
	ids["two"] = put(t, s, dev, "f", "2").ID
	_, err := s.Reset(ctx, dev, master, byCLI)
	noError(t, err)
	ids["three"] = put(t, s, dev, "f", "3").ID
	noError(t, s.Close())
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	s = openMemoryWith(t, withoutMoves(t, rows), disk, opts)
	defer func() { noError(t, s.Close()) }()
	heads := wantHeads(t, s, dev, ids, "three named", "one named ")
	if !heads[1].Time.IsZero() {
		t.Errorf("the time of a move that nobody kept is %v", heads[1].Time)
	}
	clock.Add(1000 * time.Hour)
	collect(t, s, -1)
	left, err := s.LeftBehind(ctx)
	if err != nil || len(left) != 1 || left[0].ID != ids["two"] || left[0].Name != "" {
		t.Errorf("left behind: %+v, %v", left, err)
	}
	moved, err := s.Reset(ctx, dev, master, byCLI)
	noError(t, err)
	if moved.Was != ids["three"] || moved.Until.IsZero() {
		t.Errorf("a reset gives %+v", moved)
	}
	wantHeads(t, s, dev, ids, "one named reset to master.images", "three left", "one named ")
	pfstest.Check(t, s)
}

// TestCheckMoves damages the row of a move: a check names it, the list of heads fails, and all else goes on.
func TestCheckMoves(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	s := openMemory(t, rows, disk)
	makeRepo(t, s, "images")
	branchOf(t, s, dev, master)
	noError(t, s.Close())
	s = openMemory(t, damaged(t, rows, string(schema.MovePrefix()), ""), disk)
	defer func() { noError(t, s.Close()) }()
	report, err := s.Check(ctx, pfs.CheckOptions{})
	noError(t, err)
	if len(report.Problems) != 1 || !strings.Contains(report.Problems[0].String(), "move of a branch") {
		t.Errorf("fsck finds %v", report.Problems)
	}
	for _, err := range s.Reflog(ctx, dev) {
		wantKind(t, err, pfs.KindCorrupt)
	}
	put(t, s, dev, "f", "1")
	collect(t, s, -1)
}

// TestReflogOfManyAtOnce has several move a branch at the same time: each move is there once, and follows on the one before it.
func TestReflogOfManyAtOnce(t *testing.T) {
	s := newImages(t)
	const clients, moves = 4, 5
	var targets []pfs.Ref
	for i := range clients {
		targets = append(targets, pfs.Ref{Repo: "images", Commit: put(t, s, master, "f", fmt.Sprint(i)).ID})
	}
	branchOf(t, s, dev, master)
	var all sync.WaitGroup
	var failed [clients]error
	moved := make([]int, clients)
	for i := range clients {
		all.Go(func() {
			for range moves {
				m, err := s.Reset(context.Background(), dev, targets[i], byCLI)
				if err != nil {
					failed[i] = err
				} else if m.Was != m.ID {
					moved[i]++
				}
			}
		})
	}
	all.Wait()
	want := 1
	for i := range clients {
		noError(t, failed[i])
		want += moved[i]
	}
	heads := headsOf(t, s, dev)
	if len(heads) != want {
		t.Errorf("%d heads, want %d", len(heads), want)
	}
	for i, h := range heads[1:] {
		if h.ID == heads[i].ID || h.Time.After(heads[i].Time) {
			t.Errorf("head %d is %+v, behind %+v", i+1, h, heads[i])
		}
	}
}
