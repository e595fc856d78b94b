package pfs_test

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

func TestWatchTellsOfEveryChange(t *testing.T) {
	s := newImages(t)
	w, err := s.Watch(master)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	mine, err := s.Watch(master)
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	var acted atomic.Int64
	events := make(chan *pfs.Event, 16)
	go func() {
		defer close(events)
		for {
			event, err := w.Next(ctx)
			if err != nil {
				return
			}
			acted.Add(1)
			event.Done()
			events <- event
		}
	}()
	c := ingest(t, s, "x")
	err = s.Apply(ctx, master, pfs.By{Origin: pfs.OriginMount, Watcher: mine}, func(tx *pfs.Tx) error {
		return tx.Create("f", pfs.Entry{Kind: pfs.EntryFile, Mode: 0o600, Content: c})
	})
	if err != nil {
		t.Fatal(err)
	}
	if event := <-events; event.Origin != pfs.OriginMount || len(event.Changes) != 1 || event.Changes[0].Path != "f" {
		t.Errorf("event of an apply: %+v", event)
	}
	_, err = s.Update(ctx, master, pfs.By{Origin: pfs.OriginS3, Watcher: mine}, func(tx *pfs.Tx) error {
		return tx.PutFile("a/b", c, nil, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	if acted.Load() != 2 {
		t.Errorf("the update returned before the watcher had acted")
	}
	if event := <-events; event.Origin != pfs.OriginS3 || len(event.Changes) != 2 {
		t.Errorf("event of an update: %+v", event)
	}
	deleter := context.WithoutCancel(ctx)
	mine.Close()
	if err := s.DeleteBranch(deleter, master, false); err != nil {
		t.Fatal(err)
	}
	if event := <-events; !event.Deleted {
		t.Errorf("event of a deletion: %+v", event)
	}
	w.Close()
	if _, err := w.Next(ctx); err != io.EOF {
		t.Errorf("Next of a closed watcher: %v", err)
	}
	if _, ok := <-events; ok {
		t.Error("an event too many")
	}
}

func TestUpdateDoesNotWaitForeverForAWatcher(t *testing.T) {
	opts := pfstest.Options(t)
	opts.SettleTimeout = time.Millisecond
	s := pfstest.NewStoreWith(t, opts)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	stalled, err := s.Watch(master)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, master, "a", "1")
	put(t, s, master, "b", "2")
	for _, want := range []string{"a", "b"} {
		event, err := stalled.Next(ctx)
		if err != nil || event.Changes[0].Path != want {
			t.Errorf("event %+v (%v), want a change of %s", event, err, want)
		}
	}
	stalled.Close()
}

func TestWatcherThatFallsBehindLosesEventsButKnows(t *testing.T) {
	s := newImages(t)
	w, err := s.Watch(master)
	if err != nil {
		t.Fatal(err)
	}
	c := ingest(t, s, "x")
	const n = 3000
	for range n {
		err := s.Apply(ctx, master, pfs.By{}, func(tx *pfs.Tx) error { return tx.PutFile("f", c, nil, 0) })
		if err != nil {
			t.Fatal(err)
		}
	}
	events, lost := 0, false
	for !lost {
		event, err := w.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		events, lost = events+1, event.Lost
		event.Done()
	}
	if events >= n {
		t.Errorf("%d events were kept", events)
	}
	w.Close()
}

// TestWatcherFollows has a watcher stay with its branch when that, or its repo, is renamed, and not with the name.
func TestWatcherFollows(t *testing.T) {
	store := pfstest.NewStore(t)
	ctx, by := context.Background(), pfs.By{Origin: pfs.OriginCLI}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := store.CreateRepo(ctx, "data", pfs.Owner{}, by)
	must(err)
	ref := pfs.BranchRef("data", "master")
	open, err := store.StartCommit(ctx, ref, by)
	must(err)
	w, err := store.Watch(ref)
	must(err)
	defer w.Close()
	inside, err := store.Watch(pfs.Ref{Repo: "data", Name: "master", Commit: open.ID})
	must(err)
	defer inside.Close()
	renamed := func(w *pfs.Watcher, want pfs.Ref) {
		t.Helper()
		event, err := w.Next(ctx)
		must(err)
		if event.Done(); !event.Renamed || w.Ref() != want {
			t.Errorf("%+v, and it watches %s, want %s", event, w.Ref(), want)
		}
		_, err = store.Snapshot(ctx, w.Ref())
		must(err)
	}
	_, err = store.RenameBranch(ctx, ref, "main")
	must(err)
	renamed(w, pfs.BranchRef("data", "main"))
	renamed(inside, pfs.Ref{Repo: "data", Name: "main", Commit: open.ID})
	_, err = store.RenameRepo(ctx, "data", "pics")
	must(err)
	renamed(w, pfs.BranchRef("pics", "main"))
	renamed(inside, pfs.Ref{Repo: "pics", Name: "main", Commit: open.ID})
	must(store.Apply(ctx, w.Ref(), by, func(tx *pfs.Tx) error { return tx.MakeDir("dir", nil) }))
	settled := make(chan error, 1)
	go func() { settled <- w.Settle(ctx) }()
	event, err := w.Next(ctx)
	must(err)
	if len(event.Changes) == 0 || event.Changes[0].Path != "dir" {
		t.Errorf("it sees %+v", event)
	}
	event.Done()
	if event, err = w.Next(ctx); err != nil || len(event.Changes) > 0 {
		t.Errorf("then %+v, %v", event, err)
	}
	event.Done()
	must(<-settled)
}
