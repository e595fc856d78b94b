package pfs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pfsd/pfs"
)

// merged merges one branch into another, which must have no conflict.
func merged(t *testing.T, s *pfs.Store, source, target pfs.Ref) {
	t.Helper()
	if _, err := s.Merge(ctx, source, target, byCLI, pfs.ResolveNone); err != nil {
		t.Fatal(err)
	}
}

// TestCrissCross merges two branches into each other so that they have two merge bases, neither of which is right alone, and
// takes back on one what came from the other: that counts, whichever base is newer and whichever way the next merge goes.
func TestCrissCross(t *testing.T) {
	for _, first := range []pfs.Ref{master, dev} {
		s := forked(t)
		other := dev
		if first == dev {
			other = master
		}
		put(t, s, first, "a", "2")
		put(t, s, other, "b", "2")
		for _, ref := range []pfs.Ref{master, dev} {
			branchOf(t, s, pfs.BranchRef("images", "at-"+ref.Name), ref)
		}
		merged(t, s, pfs.BranchRef("images", "at-dev"), master)
		merged(t, s, pfs.BranchRef("images", "at-master"), dev)
		put(t, s, dev, "a", "1")
		put(t, s, dev, "b", "1")
		merged(t, s, dev, master)
		wantTexts(t, s, master, "a=1 b=1 d/x=1 d/y=1")
	}
}

// TestCrissCrossInConflict merges branches whose merge bases were in conflict themselves: what was decided there then is
// decided anew, unless both sides have it.
func TestCrissCrossInConflict(t *testing.T) {
	s := forked(t)
	put(t, s, master, "a", "2")
	put(t, s, dev, "a", "3")
	put(t, s, master, "b", "2")
	put(t, s, dev, "b", "3")
	left, right := pfs.BranchRef("images", "left"), pfs.BranchRef("images", "right")
	branchOf(t, s, left, master)
	branchOf(t, s, right, dev)
	for _, side := range [][2]pfs.Ref{{right, master}, {left, dev}} {
		if _, err := s.Merge(ctx, side[0], side[1], byCLI, pfs.ResolveOurs); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, dev, "b", "2")
	_, err := s.Merge(ctx, dev, master, byCLI, pfs.ResolveNone)
	var conflict *pfs.ConflictError
	if !errors.As(err, &conflict) || strings.Join(conflict.Paths, " ") != "a" {
		t.Fatalf("a merge gave %v, want a conflict in a", err)
	}
	wantTexts(t, s, master, "a=2 b=2 d/x=1 d/y=1")
}

// TestLadder merges two branches into each other again and again, so that each pair of merge bases has two of its own.
func TestLadder(t *testing.T) {
	s := forked(t)
	for i := range 50 {
		put(t, s, master, fmt.Sprint("m", i), "1")
		put(t, s, dev, fmt.Sprint("d", i), "1")
		left, right := pfs.BranchRef("images", fmt.Sprint("l", i)), pfs.BranchRef("images", fmt.Sprint("r", i))
		branchOf(t, s, left, master)
		branchOf(t, s, right, dev)
		merged(t, s, right, master)
		merged(t, s, left, dev)
	}
	put(t, s, dev, "a", "2")
	remove(t, s, dev, "m49")
	merged(t, s, dev, master)
	if got, want := texts(t, s, master), texts(t, s, dev); got != want {
		t.Errorf("master shows %q, want %q", got, want)
	}
}

// TestMergeOfDirectories changes the attributes of directories on both sides: each attribute counts by itself.
func TestMergeOfDirectories(t *testing.T) {
	change := func(ref pfs.Ref, fn func(e *pfs.Entry)) func(*testing.T, *pfs.Store) {
		return func(t *testing.T, s *pfs.Store) {
			t.Helper()
			update(t, s, ref, func(tx *pfs.Tx) error { return tx.Edit("d", func(e *pfs.Entry) error { fn(e); return nil }) })
		}
	}
	mode := func(mode uint32) func(*pfs.Entry) { return func(e *pfs.Entry) { e.Mode = mode } }
	for name, tt := range map[string]struct {
		ours, theirs func(e *pfs.Entry)
		resolve      pfs.Resolve
		conflict     bool
		mode, uid    uint32
	}{
		"theirs alone":   {theirs: mode(0o700), mode: 0o700},
		"ours alone":     {ours: mode(0o700), mode: 0o700},
		"both the same":  {ours: mode(0o700), theirs: mode(0o700), mode: 0o700},
		"different ones": {ours: mode(0o700), theirs: func(e *pfs.Entry) { e.UID = 8 }, mode: 0o700, uid: 8},
		"in conflict":    {ours: mode(0o700), theirs: mode(0o750), conflict: true, mode: 0o700},
		"ours count":     {ours: mode(0o700), theirs: mode(0o750), resolve: pfs.ResolveOurs, mode: 0o700},
		"theirs count":   {ours: mode(0o700), theirs: mode(0o750), resolve: pfs.ResolveTheirs, mode: 0o750},
	} {
		t.Run(name, func(t *testing.T) {
			s := forked(t)
			put(t, s, master, "d/z", "2")
			put(t, s, dev, "d/w", "2")
			for ref, fn := range map[pfs.Ref]func(*pfs.Entry){master: tt.ours, dev: tt.theirs} {
				if fn != nil {
					change(ref, fn)(t, s)
				}
			}
			_, err := s.Merge(ctx, dev, master, byCLI, tt.resolve)
			var conflict *pfs.ConflictError
			if errors.As(err, &conflict) != tt.conflict || err != nil && (conflict == nil || strings.Join(conflict.Paths, " ") != "d") {
				t.Fatal(err)
			}
			snap, err := s.Snapshot(ctx, master)
			if err != nil {
				t.Fatal(err)
			}
			if e, err := snap.Stat(ctx, "d"); err != nil || e.Mode != tt.mode || e.UID != max(tt.uid, 7) {
				t.Errorf("the directory has mode %o and owner %d (%v)", e.Mode, e.UID, err)
			}
		})
	}
}

// TestMergeOfNewDirectories has both sides make a directory, with different attributes: those of a side that made it only for
// what is in it do not count.
func TestMergeOfNewDirectories(t *testing.T) {
	for name, tt := range map[string]struct {
		ours, theirs uint32 // 0 for one that is there for what is in it
		want         uint32
	}{
		"neither counts":  {0, 0, 0o755},
		"ours counts":     {0o700, 0, 0o700},
		"theirs counts":   {0, 0o700, 0o700},
		"both the same":   {0o700, 0o700, 0o700},
		"a contradiction": {0o700, 0o750, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := forked(t)
			for ref, mode := range map[pfs.Ref]uint32{master: tt.ours, dev: tt.theirs} {
				if mode != 0 {
					update(t, s, ref, func(tx *pfs.Tx) error {
						return tx.Create("new", pfs.Entry{Kind: pfs.EntryDir, Mode: mode, Explicit: true})
					})
				}
				put(t, s, ref, "new/"+ref.Name, "1")
			}
			_, err := s.Merge(ctx, dev, master, byCLI, pfs.ResolveNone)
			if tt.want == 0 {
				wantKind(t, err, pfs.KindConflict)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			snap, err := s.Snapshot(ctx, master)
			if err != nil {
				t.Fatal(err)
			}
			if e, err := snap.Stat(ctx, "new"); err != nil || e.Mode != tt.want {
				t.Errorf("the directory has mode %o (%v)", e.Mode, err)
			}
			wantTexts(t, s, master, "a=1 b=1 d/x=1 d/y=1 new/dev=1 new/master=1")
		})
	}
}

// TestMergeOfFilesAndDirectories has a file and a directory take each other's place, while what was done to the directory on
// the other side is taken back, done on both, or neither.
func TestMergeOfFilesAndDirectories(t *testing.T) {
	type edit func(*testing.T, *pfs.Store, pfs.Ref)
	write := func(texts ...string) edit {
		return func(t *testing.T, s *pfs.Store, ref pfs.Ref) {
			t.Helper()
			for _, text := range texts {
				put(t, s, ref, "d/x", text)
			}
		}
	}
	replace := func(path, file string) edit {
		return func(t *testing.T, s *pfs.Store, ref pfs.Ref) {
			t.Helper()
			c := ingest(t, s, "new")
			update(t, s, ref, func(tx *pfs.Tx) error {
				if err := tx.RemoveAll(path); err != nil {
					return err
				}
				return tx.PutFile(file, c, nil, 0)
			})
		}
	}
	for name, tt := range map[string]struct {
		ours, theirs edit
		want         string // empty for a conflict in d
	}{
		"taken back":   {write("2", "1"), replace("d", "d"), "a=1 b=1 d=new"},
		"done by both": {replace("a", "a/e/f"), replace("a", "a/e/f"), "a/e/f=new b=1 d/x=1 d/y=1"},
		"in conflict":  {write("2"), replace("d", "d"), ""},
	} {
		for _, refs := range [][2]pfs.Ref{{master, dev}, {dev, master}} {
			t.Run(name+" "+refs[0].Name, func(t *testing.T) {
				s := forked(t)
				tt.ours(t, s, refs[0])
				tt.theirs(t, s, refs[1])
				_, err := s.Merge(ctx, dev, master, byCLI, pfs.ResolveNone)
				var conflict *pfs.ConflictError
				if tt.want == "" {
					if !errors.As(err, &conflict) || strings.Join(conflict.Paths, " ") != "d" {
						t.Fatalf("a merge gave %v, want a conflict in d", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				wantTexts(t, s, master, tt.want)
			})
		}
	}
}
