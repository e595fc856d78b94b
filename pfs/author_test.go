package pfs_test

import (
	"context"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

func TestJoinAuthors(t *testing.T) {
	for _, c := range []struct{ author, other, want string }{
		{"", "", ""}, {"ann", "", "ann"}, {"", "ann", "ann"}, {"ann", "bob", "ann, bob"}, {"ann, bob", "ann", "ann, bob"},
		{"ann", "an", "ann, an"}, {"ann, bob", "bob, eve, ann", "ann, bob, eve"}, {"Doe, Jane", "Doe, Jane", "Doe, Jane"},
	} {
		if got := pfs.JoinAuthors(c.author, c.other); got != c.want {
			t.Errorf("%q and %q are %q, want %q", c.author, c.other, got, c.want)
		}
	}
}

// TestAuthorsOfPendingChanges has two users change a branch in turns: one commit names both, and a user who changes nothing is not
// in it.
func TestAuthorsOfPendingChanges(t *testing.T) {
	store := pfstest.NewStore(t)
	ctx, ref := context.Background(), pfs.BranchRef("data", "master")
	if _, err := store.CreateRepo(ctx, "data", pfs.Owner{}, pfs.By{Origin: pfs.OriginCLI}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ author, dir string }{{"ann", "a"}, {"bob", "b"}, {"ann", "c"}, {"eve", ""}} {
		by := pfs.By{Origin: pfs.OriginMount, Author: c.author, CutAfter: time.Hour}
		err := store.Apply(ctx, ref, by, func(tx *pfs.Tx) error {
			if c.dir == "" {
				return nil
			}
			return tx.MakeDir(c.dir, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	commit, err := store.Cut(ctx, ref)
	if err != nil || commit.Author != "ann, bob" {
		t.Errorf("the author is %q, %v", commit.Author, err)
	}
}
