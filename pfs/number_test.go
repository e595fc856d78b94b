package pfs_test

import (
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestNumberOfAChange says for each way to change an entry whether it keeps its number.
func TestNumberOfAChange(t *testing.T) {
	for _, tt := range []struct {
		name string
		fn   func(s *pfs.Store, tx *pfs.Tx) error
		// at is where the file, once d/f, is afterwards, and kept whether it has its number.
		at   string
		kept bool
	}{
		{"edited", func(s *pfs.Store, tx *pfs.Tx) error {
			return tx.Edit("d/f", func(e *pfs.Entry) error { e.Content = ingest(t, s, "other"); return nil })
		}, "d/f", true},
		{"renamed", func(_ *pfs.Store, tx *pfs.Tx) error { return tx.Rename("d/f", "d/g", 0) }, "d/g", true},
		{"moved", func(_ *pfs.Store, tx *pfs.Tx) error { return tx.Rename("d/f", "e/f", 0) }, "e/f", true},
		{"moved over a file", func(_ *pfs.Store, tx *pfs.Tx) error { return tx.Rename("d/f", "e/there", 0) }, "e/there", true},
		{"exchanged", func(_ *pfs.Store, tx *pfs.Tx) error { return tx.Rename("d/f", "e/there", pfs.RenameExchange) }, "e/there", true},
		{"moved with its directory", func(_ *pfs.Store, tx *pfs.Tx) error { return tx.Rename("d", "e/d", 0) }, "e/d/f", true},
		{"given another name", func(_ *pfs.Store, tx *pfs.Tx) error { return tx.Link("d/f", "e/g") }, "e/g", true},
		{"given another name, by the first", func(_ *pfs.Store, tx *pfs.Tx) error { return tx.Link("d/f", "e/g") }, "d/f", true},
		{"put anew", func(s *pfs.Store, tx *pfs.Tx) error { return tx.PutFile("d/f", ingest(t, s, "f"), nil, 0) }, "d/f", false},
		{"copied", func(s *pfs.Store, tx *pfs.Tx) error { return tx.Copy("d/g", snapshotOf(t, s, master), "d/f") }, "d/g", false},
		{"copied with its directory", func(s *pfs.Store, tx *pfs.Tx) error { return tx.Copy("g", snapshotOf(t, s, master), "d") }, "g/f", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newImages(t)
			put(t, s, master, "d/f", "f")
			put(t, s, master, "e/there", "there")
			before := pfstest.Numbers(t, snapshotOf(t, s, master))["d/f"]
			update(t, s, master, func(tx *pfs.Tx) error { return tt.fn(s, tx) })
			if after := pfstest.Numbers(t, snapshotOf(t, s, master))[tt.at]; (after == before) != tt.kept {
				t.Errorf("%#x was the number, and %#x is", before, after)
			}
		})
	}
}

// TestGivenNumber makes an entry with a number that its maker has drawn.
func TestGivenNumber(t *testing.T) {
	s := newImages(t)
	put(t, s, master, "a/b/f", "f")
	number, err := s.NewNumber()
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, master, func(tx *pfs.Tx) error {
		if err := tx.Create("a/b/dir", pfs.Entry{Kind: pfs.EntryDir, Number: number}); err != nil {
			return err
		}
		if e, err := tx.Stat("a/b/dir"); err != nil || e.Number != number {
			t.Errorf("number %#x, %v, want %#x", e.Number, err, number)
		}
		return nil
	})
	update(t, s, master, func(tx *pfs.Tx) error { return tx.Rename("a/b", "c", 0) })
	if got := pfstest.Numbers(t, snapshotOf(t, s, master))["c/dir"]; got != number {
		t.Errorf("number %#x, want %#x", got, number)
	}
}

// TestCopiesShareTheirNodes copies a directory of many files, again and again: none of the copies stores a node for what is in
// them, though all have other numbers.
func TestCopiesShareTheirNodes(t *testing.T) {
	s := newImages(t)
	c := ingest(t, s, "f")
	update(t, s, master, func(tx *pfs.Tx) error {
		for i := range 300 {
			if err := tx.PutFile("d/"+string(rune('a'+i%26))+string(rune('a'+i/26)), c, nil, 0); err != nil {
				return err
			}
		}
		return nil
	})
	for _, copied := range [][2]string{{"d", "e"}, {"e", "f"}, {"", "g"}} {
		snap := snapshotOf(t, s, master)
		update(t, s, master, func(tx *pfs.Tx) error { return tx.Copy(copied[1], snap, copied[0]) })
	}
	roots := map[pfs.Hash]int{}
	for _, dir := range []string{"d", "e", "f", "g/d", "g/e", "g/f"} {
		e, err := snapshotOf(t, s, master).Stat(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		roots[e.Root]++
	}
	if len(roots) != 1 {
		t.Errorf("six copies have %d roots", len(roots))
	}
	pfstest.Numbers(t, snapshotOf(t, s, master))
}

// TestNumbersOfWhatIsTaken brings in from another branch what this one has moved elsewhere: that kept its number, so what
// comes must get another one.
func TestNumbersOfWhatIsTaken(t *testing.T) {
	other := pfs.BranchRef("images", "other")
	for _, tt := range []struct {
		name         string
		theirs, ours func(tx *pfs.Tx) error
		want         string
	}{
		{"a file", func(tx *pfs.Tx) error {
			return tx.Edit("d/f", func(e *pfs.Entry) error { e.Mtime = 1; e.Mode = 0o640; return nil })
		},
			func(tx *pfs.Tx) error { return tx.Rename("d/f", "moved", 0) }, "d/ d/f d/g moved"},
		{"a directory in part", func(tx *pfs.Tx) error { return tx.Rename("d/f", "d/h", 0) },
			func(tx *pfs.Tx) error { return tx.Rename("d", "moved", 0) }, "d/ d/h moved/ moved/f moved/g"},
		{"a file with several names", func(tx *pfs.Tx) error { return tx.Link("d/f", "d/h") },
			func(tx *pfs.Tx) error { return tx.Rename("d/f", "moved", 0) }, "d/ d/f d/g d/h moved"},
		{"a directory", func(tx *pfs.Tx) error { return tx.Rename("d", "e", 0) },
			func(tx *pfs.Tx) error { return tx.Rename("d", "moved", 0) }, "e/ e/f e/g moved/ moved/f moved/g"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newImages(t)
			put(t, s, master, "d/f", "f")
			put(t, s, master, "d/g", "g")
			if _, err := s.CreateBranch(ctx, other, pfs.BranchOptions{From: master, By: byCLI}); err != nil {
				t.Fatal(err)
			}
			update(t, s, other, tt.theirs)
			update(t, s, master, tt.ours)
			if _, err := s.Merge(ctx, other, master, byCLI, pfs.ResolveTheirs); err != nil {
				t.Fatal(err)
			}
			if got := tree(t, s, master); got != tt.want {
				t.Errorf("it shows %s, want %s", got, tt.want)
			}
			pfstest.Numbers(t, snapshotOf(t, s, master))
		})
	}
}

// TestNumberOfAMergedFile merges a file with several names, and then what was written to it: it keeps the number that it has
// got here.
func TestNumberOfAMergedFile(t *testing.T) {
	s := newImages(t)
	other := pfs.BranchRef("images", "other")
	put(t, s, master, "f", "f")
	if _, err := s.CreateBranch(ctx, other, pfs.BranchOptions{From: master, By: byCLI}); err != nil {
		t.Fatal(err)
	}
	put(t, s, master, "own", "own")
	c := ingest(t, s, "written")
	merge := func() uint64 {
		t.Helper()
		if _, err := s.Merge(ctx, other, master, byCLI, pfs.ResolveNone); err != nil {
			t.Fatal(err)
		}
		return pfstest.Numbers(t, snapshotOf(t, s, master))["g"]
	}
	update(t, s, other, func(tx *pfs.Tx) error { return tx.Link("f", "g") })
	first := merge()
	update(t, s, other, rewrite(c, "g"))
	if second := merge(); second != first {
		t.Errorf("it had number %#x, and has %#x", first, second)
	}
	if got := read(t, s, master, "g"); got != "written" {
		t.Errorf("it has %q", got)
	}
}
