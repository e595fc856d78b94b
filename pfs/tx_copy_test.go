package pfs_test

import (
	"slices"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// logLen returns how many commits the history of a path has.
func logLen(t *testing.T, s *pfs.Store, path string) int {
	t.Helper()
	n := 0
	for _, err := range s.Log(ctx, master, path) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// What a copy finds in its place already stays as it is: it has no new version and no place in the history of its path.
func TestCopyLeavesWhatIsTheSame(t *testing.T) {
	s := forked(t)
	put(t, s, master, "d/sub/z", "1")
	first, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, master, "d/x", "2")
	put(t, s, master, "d/new", "2")
	kept := map[string]pfs.CommitID{}
	logs := map[string]int{}
	now, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"a", "d/y", "d/sub", "d/sub/z"} {
		e, err := now.Stat(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		kept[path], logs[path] = e.Changed.Commit, logLen(t, s, path)
	}
	for _, test := range []struct {
		name, to, from string
	}{{"a directory", "d", "d"}, {"the root", "", ""}} {
		t.Run(test.name, func(t *testing.T) {
			made := update(t, s, master, func(tx *pfs.Tx) error { return tx.Copy(test.to, first, test.from) })
			wantTexts(t, s, master, "a=1 b=1 d/sub/z=1 d/x=1 d/y=1")
			snap, err := s.Snapshot(ctx, master)
			if err != nil {
				t.Fatal(err)
			}
			for path, id := range kept {
				if e, err := snap.Stat(ctx, path); err != nil || e.Changed.Commit != id {
					t.Errorf("%s was changed by %v (%v), want %v, as before", path, e.Changed.Commit, err, id)
				}
				if n := logLen(t, s, path); n != logs[path] {
					t.Errorf("%s has %d commits in its log, want %d, as before", path, n, logs[path])
				}
			}
			if e, err := snap.Stat(ctx, "d/x"); err != nil || e.Changed.Commit != made.ID {
				t.Errorf("d/x was changed by %v (%v), want the commit of the copy", e.Changed.Commit, err)
			}
			was, _ := first.Stat(ctx, "d")
			if e, err := snap.Stat(ctx, "d"); err != nil || e.Mtime != was.Mtime {
				t.Errorf("d is of %d (%v), want %d, as in the version that was copied", e.Mtime, err, was.Mtime)
			}
			again := update(t, s, master, func(tx *pfs.Tx) error { return tx.Copy(test.to, first, test.from) })
			if !again.ID.IsZero() {
				t.Errorf("a copy of what is there made the commit %v", again.ID)
			}
			put(t, s, master, "d/x", "3")
			put(t, s, master, "d/more", "3")
			pfstest.Check(t, s)
		})
	}
	again := update(t, s, master, func(tx *pfs.Tx) error { return tx.Copy("d/y", first, "d/y") })
	if !again.ID.IsZero() {
		t.Errorf("a copy of a file over itself made the commit %v", again.ID)
	}
}

// A file whose names a copy takes away tells those who watch it that it has fewer.
func TestCopyOverNamesOfAFile(t *testing.T) {
	s := newLinked(t)
	put(t, s, master, "c/two", "other")
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	before, err := snap.Stat(ctx, "a/one")
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Watch(master)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	links := make(chan []pfs.LinkID, 1)
	go func() {
		event, err := w.Next(ctx)
		if err != nil {
			close(links)
			return
		}
		event.Done()
		links <- event.Links
	}()
	update(t, s, master, func(tx *pfs.Tx) error { return tx.Copy("b", snap, "c") })
	wantNames(t, s, master, "a/one=first:A1 b/two=other c/two=other")
	if told := <-links; !slices.Contains(told, before.Link) {
		t.Errorf("the event names the files %v, not %v, which has one name less", told, before.Link)
	}
	pfstest.Check(t, s)
}
