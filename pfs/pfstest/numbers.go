package pfstest

import (
	"context"
	"testing"

	"pfsd/pfs"
)

// mostNumbers is how many entries a version may have whose numbers are checked with each store.
const mostNumbers = 4096

// Numbers returns the numbers of all that a version shows, by path without a slash at the end. It fails the test when two
// entries have the same one and are not names of one file.
func Numbers(t testing.TB, snap *pfs.Snapshot) map[string]uint64 {
	t.Helper()
	root, err := snap.Stat(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	type owner struct {
		path string
		link pfs.LinkID
	}
	owners := map[uint64]owner{root.Number: {path: "the root"}}
	numbers := map[string]uint64{"": root.Number}
	for item, err := range snap.Walk(context.Background(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		path := item.Path
		if item.Entry.IsDir() {
			path = path[:len(path)-1]
		}
		e := item.Entry
		if had, ok := owners[e.Number]; e.Number == 0 || ok && (e.Link.IsZero() || e.Link != had.link) {
			t.Errorf("%s and %s of %s.%s have number %#x", had.path, path, snap.Version().Branch, snap.Version().Repo, e.Number)
		}
		owners[e.Number], numbers[path] = owner{path, e.Link}, e.Number
	}
	return numbers
}

// checkNumbers fails the test when two entries that a branch shows have one number, or a lookup says otherwise than a walk.
func checkNumbers(t testing.TB, s *pfs.Store) {
	t.Helper()
	branches, err := s.Branches(context.Background(), "")
	if err != nil {
		t.Error(err)
		return
	}
	for _, b := range branches {
		snap, err := s.Snapshot(context.Background(), pfs.BranchRef(b.Repo, b.Name))
		if err != nil || b.Totals.Files+b.Totals.Dirs > mostNumbers {
			continue // The first was reported.
		}
		for path, number := range Numbers(t, snap) {
			if e, err := snap.Stat(context.Background(), path); err != nil || e.Number != number {
				t.Errorf("%s: a lookup says that the number is %#x, and a walk %#x: %v", path, e.Number, number, err)
			}
		}
	}
}
