package pfs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

var (
	ctx    = context.Background()
	master = pfs.BranchRef("images", "master")
	byCLI  = pfs.By{Origin: pfs.OriginCLI, Author: "ann"}
)

// newImages returns a store with the repo images.
func newImages(t testing.TB) *pfs.Store {
	t.Helper()
	s := pfstest.NewStore(t)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{UID: 7, GID: 8}, byCLI); err != nil {
		t.Fatal(err)
	}
	return s
}

// ingest stores text.
func ingest(t testing.TB, s *pfs.Store, text string) pfs.Content {
	t.Helper()
	in, err := s.Ingest(ctx, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Release)
	return in.Content
}

// put writes a file in a commit of its own.
func put(t testing.TB, s *pfs.Store, ref pfs.Ref, path, text string) pfs.Commit {
	t.Helper()
	c := ingest(t, s, text)
	return update(t, s, ref, func(tx *pfs.Tx) error { return tx.PutFile(path, c, nil, 0) })
}

func update(t testing.TB, s *pfs.Store, ref pfs.Ref, fn func(*pfs.Tx) error) pfs.Commit {
	t.Helper()
	made, err := s.Update(ctx, ref, byCLI, fn)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// read returns the text of a file; "error: kind" when there is none.
func read(t testing.TB, s *pfs.Store, ref pfs.Ref, path string) string {
	t.Helper()
	snap, err := s.Snapshot(ctx, ref)
	if err != nil {
		return "error: " + pfs.KindOf(err).String()
	}
	f, err := snap.Open(ctx, path)
	if err != nil {
		return "error: " + pfs.KindOf(err).String()
	}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tree returns all paths of a version with the sizes of files, in the order of Walk.
func tree(t testing.TB, s *pfs.Store, ref pfs.Ref) string {
	t.Helper()
	snap, err := s.Snapshot(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for item, err := range snap.Walk(ctx, "", "") {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s ", item.Path)
	}
	return strings.TrimSpace(b.String())
}

func wantKind(t testing.TB, err error, want pfs.Kind) {
	t.Helper()
	if got := pfs.KindOf(err); got != want {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
}

func at(t testing.TB, ref pfs.Ref, version string) pfs.Ref {
	t.Helper()
	r, err := ref.At(version)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryVersionStays(t *testing.T) {
	s := newImages(t)
	const n = 50
	var ids []pfs.CommitID
	for i := range n {
		ids = append(ids, put(t, s, master, "dir/a.txt", fmt.Sprint("text ", i)).ID)
	}
	for i, id := range ids {
		want := fmt.Sprint("text ", i)
		for _, ref := range []pfs.Ref{
			at(t, master, id.String()), at(t, master, fmt.Sprintf("HEAD^%d", n-1-i)), {Repo: "images", Commit: id},
		} {
			if got := read(t, s, ref, "dir/a.txt"); got != want {
				t.Errorf("%v: got %q, want %q", ref, got, want)
			}
		}
	}
	if got := read(t, s, at(t, master, fmt.Sprintf("HEAD~%d", n)), "dir/a.txt"); got != "error: no such file" {
		t.Errorf("first commit: %q", got)
	}
	_, err := s.Snapshot(ctx, at(t, master, fmt.Sprintf("HEAD~%d", n+1)))
	wantKind(t, err, pfs.KindCommitNotFound)
}

func TestVersionOfEntryIsItsCommit(t *testing.T) {
	s := newImages(t)
	a := put(t, s, master, "d/a", "1")
	b := put(t, s, master, "d/b", "2")
	moved := update(t, s, master, func(tx *pfs.Tx) error { return tx.Rename("d", "e", pfs.RenameReplace) })
	after := put(t, s, master, "e/b", "3")
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]pfs.CommitID{"e/a": moved.ID, "e/b": after.ID} {
		e, err := snap.Stat(ctx, path)
		if err != nil || e.Changed.Commit != want {
			t.Errorf("%s changed by %v (%v), want %v", path, e.Changed.Commit, err, want)
		}
	}
	old, err := s.Snapshot(ctx, at(t, master, "HEAD~2"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]pfs.CommitID{"d/a": a.ID, "d/b": b.ID} {
		if e, err := old.Stat(ctx, path); err != nil || e.Changed.Commit != want {
			t.Errorf("%s changed by %v (%v), want %v", path, e.Changed.Commit, err, want)
		}
	}
}

func TestUpdateErrorWritesNothing(t *testing.T) {
	s := newImages(t)
	c := ingest(t, s, "x")
	mine := errors.New("mine")
	_, err := s.Update(ctx, master, byCLI, func(tx *pfs.Tx) error {
		if err := tx.PutFile("a", c, nil, 0); err != nil {
			return err
		}
		return mine
	})
	if err != mine {
		t.Errorf("got %v, want the function's own error", err)
	}
	made, err := s.Update(ctx, master, byCLI, func(*pfs.Tx) error { return nil })
	if err != nil || !made.ID.IsZero() {
		t.Errorf("an update without a change made commit %v (%v)", made.ID, err)
	}
	_, err = s.Update(ctx, master, byCLI, func(tx *pfs.Tx) error { panic("oops") })
	wantKind(t, err, pfs.KindInternal)
	if got := tree(t, s, master); got != "" {
		t.Errorf("the branch shows %q", got)
	}
}

func TestConcurrentUpdatesAllLand(t *testing.T) {
	s := newImages(t)
	const writers, each = 16, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				in, err := s.Ingest(ctx, strings.NewReader(fmt.Sprint(w, i)))
				if err != nil {
					t.Error(err)
					return
				}
				_, err = s.Update(ctx, master, byCLI, func(tx *pfs.Tx) error {
					return errors.Join(tx.PutFile(fmt.Sprintf("d%d/f%d", w, i), in.Content, nil, 0),
						tx.PutFile("last", in.Content, nil, 0))
				})
				in.Release()
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var commits, last int
	for _, err := range s.Log(ctx, master, "") {
		if err != nil {
			t.Fatal(err)
		}
		commits++
	}
	for _, err := range s.Log(ctx, master, "last") {
		if err != nil {
			t.Fatal(err)
		}
		last++
	}
	// Two writes of one path never share a commit.
	if last != writers*each || commits != last+1 {
		t.Errorf("%d commits, %d of them of one path, want %d", commits, last, writers*each)
	}
	b, err := s.Branch(ctx, master)
	if err != nil || b.Totals.Files != writers*each+1 {
		t.Errorf("%d files (%v), want %d", b.Totals.Files, err, writers*each+1)
	}
}

func TestConditionalCreateHasOneWinner(t *testing.T) {
	s := newImages(t)
	c := ingest(t, s, "x")
	taken := errors.New("taken")
	var wins, losses int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			_, err := s.Update(ctx, master, byCLI, func(tx *pfs.Tx) error {
				if _, err := tx.Stat("lock"); err == nil {
					return taken
				}
				return tx.PutFile("lock", c, nil, 0)
			})
			mu.Lock()
			defer mu.Unlock()
			switch err {
			case nil:
				wins++
			case taken:
				losses++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if wins != 1 || losses != 31 {
		t.Errorf("%d wins, %d losses", wins, losses)
	}
}

func TestApplyIsVisibleThenCut(t *testing.T) {
	s := newImages(t)
	c := ingest(t, s, "pending")
	byMount := pfs.By{Origin: pfs.OriginMount}
	create := func(tx *pfs.Tx) error {
		return tx.Create("f", pfs.Entry{Kind: pfs.EntryFile, Mode: 0o600, Content: c, Mtime: tx.Now()})
	}
	if err := s.Apply(ctx, master, byMount, create); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	e, err := snap.Stat(ctx, "f")
	if err != nil || e.Changed.Commit != snap.Version().Pending || e.Changed.Commit.IsZero() {
		t.Errorf("pending entry: changed by %v, pending %v (%v)", e.Changed.Commit, snap.Version().Pending, err)
	}
	if got := read(t, s, at(t, master, "HEAD"), "f"); got != "error: no such file" {
		t.Errorf("the head shows pending changes: %q", got)
	}
	if err := s.Sync(ctx, master); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, at(t, master, "HEAD"), "f"); got != "error: no such file" {
		t.Errorf("a sync made a commit: %q", got)
	}
	head, err := s.Cut(ctx, master)
	if err != nil || head.ID != e.Changed.Commit || head.Origin != pfs.OriginMount {
		t.Errorf("cut made %+v (%v), want %v", head, err, e.Changed.Commit)
	}
	if got := read(t, s, at(t, master, "HEAD"), "f"); got != "pending" {
		t.Errorf("the head shows %q", got)
	}
}

func TestUpdateCutsPendingFirst(t *testing.T) {
	s := newImages(t)
	c := ingest(t, s, "1")
	err := s.Apply(ctx, master, pfs.By{Origin: pfs.OriginMount}, func(tx *pfs.Tx) error {
		return tx.Create("f", pfs.Entry{Kind: pfs.EntryFile, Mode: 0o600, Content: c})
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, master, "f", "2")
	for version, want := range map[string]string{"HEAD": "2", "HEAD^": "1", "HEAD^^": "error: no such file"} {
		if got := read(t, s, at(t, master, version), "f"); got != want {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("0123456789abcdef", 1<<17)
	put(t, s, master, "big", big)
	first := put(t, s, master, "a", "1")
	dev := pfs.BranchRef("images", "dev")
	if _, err := s.CreateBranch(ctx, dev, pfs.BranchOptions{From: master}); err != nil {
		t.Fatal(err)
	}
	put(t, s, dev, "b", "2")
	c := ingest(t, s, "3")
	err := s.Apply(ctx, dev, pfs.By{Origin: pfs.OriginMount}, func(tx *pfs.Tx) error {
		return tx.Create("c", pfs.Entry{Kind: pfs.EntryFile, Mode: 0o600, Content: c})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = pfstest.OpenDisk(t, dir)
	for _, want := range []struct {
		ref        pfs.Ref
		path, text string
	}{
		{master, "big", big}, {master, "a", "1"}, {dev, "b", "2"}, {dev, "c", "3"}, {at(t, dev, "HEAD~2"), "a", "1"},
		{at(t, dev, first.ID.String()), "a", "1"}, {master, "b", "error: no such file"},
	} {
		if got := read(t, s, want.ref, want.path); got != want.text {
			t.Errorf("%v:/%s: %.40q, want %.40q", want.ref, want.path, got, want.text)
		}
	}
	pfstest.Check(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = s.Snapshot(ctx, at(t, master, strings.Repeat("ab", 16)))
	if err == nil {
		t.Error("a closed store answers")
	}
}

func TestIngestGivesTheReadersError(t *testing.T) {
	s := newImages(t)
	broken := errors.New("broken")
	_, err := s.Ingest(ctx, io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), &failing{broken}))
	if err != broken {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
