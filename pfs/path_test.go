package pfs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestPathsGrowWithARename moves deep directories below others, until the paths of what is in them are longer than any key
// of a row. All commits are made, and what is there can be found, changed and removed, though nothing new can be put there.
func TestPathsGrowWithARename(t *testing.T) {
	store := pfstest.NewStore(t)
	ctx, by, ref := context.Background(), pfs.By{Origin: pfs.OriginCLI}, pfs.BranchRef("data", "master")
	if _, err := store.CreateRepo(ctx, "data", pfs.Owner{}, by); err != nil {
		t.Fatal(err)
	}
	update := func(want pfs.Kind, what string, fn func(tx *pfs.Tx) error) {
		t.Helper()
		if _, err := store.Update(ctx, ref, by, fn); pfs.KindOf(err) != want {
			t.Fatalf("%s: %v, want %v", what, err, want)
		}
	}
	deep := strings.Repeat("/"+strings.Repeat("d", 250), 30) // 7,530 bytes
	dir := pfs.Entry{Kind: pfs.EntryDir, Mode: 0o755, Explicit: true}
	update(0, "the first", func(tx *pfs.Tx) error {
		return errors.Join(tx.MakeDir("a"+deep, nil), tx.Create("a"+deep+"/leaf", pfs.Entry{Kind: pfs.EntryFifo}))
	})
	path := "a" + deep
	for _, top := range []string{"b", "c", "d"} {
		update(0, "a chain", func(tx *pfs.Tx) error { return tx.MakeDir(top+deep, nil) })
		below, _, _ := strings.Cut(path, "/")
		update(0, "a move", func(tx *pfs.Tx) error { return tx.Rename(below, top+deep+"/"+below, pfs.RenameReplace) })
		path = top + deep + "/" + path
		update(0, "a change there", func(tx *pfs.Tx) error {
			return tx.Edit(path+"/leaf", func(e *pfs.Entry) error { e.Mode ^= 0o100; return nil })
		})
		update(pfs.KindNameTooLong, "a new one there", func(tx *pfs.Tx) error { return tx.Create(path+"/new", dir) })
		snap, err := store.Snapshot(ctx, ref)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := snap.Stat(ctx, path+"/leaf"); err != nil {
			t.Fatal(err)
		}
	}
	update(0, "a move up", func(tx *pfs.Tx) error { return tx.Rename(path+"/leaf", "leaf", pfs.RenameReplace) })
	update(0, "a removal there", func(tx *pfs.Tx) error { return tx.Rmdir(path) })
}
