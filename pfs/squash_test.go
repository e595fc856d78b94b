package pfs_test

import (
	"fmt"
	"testing"

	"pfsd/pfs"
)

// TestSquashOfARange makes one commit of some in the midst of a history, with a merge after them: what came after is there as it
// was, what was replaced can still be read, and a tag and a branch on it stay where they are.
func TestSquashOfARange(t *testing.T) {
	s := forked(t)
	for i := range 6 {
		update := pfs.By{Author: "ann", Message: fmt.Sprint("m", i)}
		c := ingest(t, s, fmt.Sprint(i))
		if _, err := s.Update(ctx, master, update, func(tx *pfs.Tx) error { return tx.PutFile(fmt.Sprint("n", i), c, nil, 0) }); err != nil {
			t.Fatal(err)
		}
	}
	v1, side := pfs.BranchRef("images", "v1"), pfs.BranchRef("images", "side")
	if _, err := s.CreateTag(ctx, v1, at(t, master, "HEAD~4")); err != nil {
		t.Fatal(err)
	}
	branchOf(t, s, side, at(t, master, "HEAD~3"))
	put(t, s, dev, "b", "dev")
	merged(t, s, dev, master)
	put(t, s, master, "last", "1")
	before, err := s.Commit(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	all := texts(t, s, master)
	head, err := s.Squash(ctx, master, at(t, master, "HEAD~7"), at(t, master, "HEAD~4"), pfs.By{Message: "one"})
	if err != nil || head.ID == before.ID || !head.Time.Equal(before.Time) {
		t.Fatalf("squash gave %+v (%v) in place of %+v", head, err, before)
	}
	wantTexts(t, s, master, all)
	wantTexts(t, s, pfs.Ref{Repo: "images", Commit: before.ID}, all)
	wantTexts(t, s, v1, "a=1 b=1 d/x=1 d/y=1 n0=0 n1=1")
	wantTexts(t, s, side, "a=1 b=1 d/x=1 d/y=1 n0=0 n1=1 n2=2")
	wantTexts(t, s, at(t, master, "HEAD~4"), "a=1 b=1 d/x=1 d/y=1 n0=0 n1=1 n2=2 n3=3")
	wantTexts(t, s, at(t, master, "HEAD~5"), "a=1 b=1 d/x=1 d/y=1 n0=0")
	var messages, parents string
	for e, err := range s.Log(ctx, master, "") {
		if err != nil {
			t.Fatal(err)
		}
		messages += e.Commit.Message + " "
		parents += fmt.Sprint(len(e.Commit.Parents))
	}
	if messages != "  m5 m4 one m0   " || parents != "12111110" {
		t.Errorf("the history is %q with %s parents", messages, parents)
	}
	var changed int
	for _, err := range s.Log(ctx, master, "n2") {
		if err != nil {
			t.Fatal(err)
		}
		changed++
	}
	if changed != 1 {
		t.Errorf("n2 was changed by %d commits", changed)
	}
	for _, refs := range [][2]pfs.Ref{{at(t, master, "HEAD~1"), at(t, master, "HEAD~2")}, {v1, {}}, {at(t, master, "HEAD~5"), v1}} {
		_, err := s.Squash(ctx, master, refs[0], refs[1], byCLI)
		wantKind(t, err, pfs.KindCommitNotFound)
	}
	wantTexts(t, s, master, all)
}

// TestSquashBeforeTooMany finds that what cannot be made anew in one step is refused, and nothing is changed.
func TestSquashBeforeTooMany(t *testing.T) {
	s := forked(t)
	c := []pfs.Content{ingest(t, s, "1"), ingest(t, s, "2")}
	for i := range 30 {
		update(t, s, master, func(tx *pfs.Tx) error {
			for j := range 400 {
				if err := tx.PutFile(fmt.Sprintf("many/%d/%040d", j/20, j), c[i%2], nil, 0); err != nil {
					return err
				}
			}
			return nil
		})
	}
	before, err := s.Commit(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Squash(ctx, master, at(t, master, "HEAD~29"), at(t, master, "HEAD~27"), byCLI)
	wantKind(t, err, pfs.KindInvalid)
	if after, err := s.Commit(ctx, master); err != nil || after.ID != before.ID {
		t.Errorf("the head is %v (%v), was %v", after.ID, err, before.ID)
	}
}

// TestSquashBeforeAFileInPlaceOfADirectory squashes commits that changed a directory, which a later one replaced by a file.
func TestSquashBeforeAFileInPlaceOfADirectory(t *testing.T) {
	s := forked(t)
	put(t, s, master, "d/x", "2")
	put(t, s, master, "d/z", "1")
	c := ingest(t, s, "file")
	update(t, s, master, func(tx *pfs.Tx) error {
		if err := tx.RemoveAll("d"); err != nil {
			return err
		}
		return tx.PutFile("d", c, nil, 0)
	})
	if _, err := s.Squash(ctx, master, at(t, master, "HEAD~3"), at(t, master, "HEAD~1"), byCLI); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, s, master, "a=1 b=1 d=file")
	wantTexts(t, s, at(t, master, "HEAD~1"), "a=1 b=1 d/x=2 d/y=1 d/z=1")
}
