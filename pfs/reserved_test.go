package pfs_test

import (
	"context"
	"errors"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestReservedName tries to make entries at the name that is kept for doors, in every way.
func TestReservedName(t *testing.T) {
	store := pfstest.NewStore(t)
	ctx, by, ref := context.Background(), pfs.By{Origin: pfs.OriginCLI}, pfs.BranchRef("data", "master")
	if _, err := store.CreateRepo(ctx, "data", pfs.Owner{}, by); err != nil {
		t.Fatal(err)
	}
	dir := pfs.Entry{Kind: pfs.EntryDir, Mode: 0o755, Explicit: true}
	_, err := store.Update(ctx, ref, by, func(tx *pfs.Tx) error {
		return errors.Join(tx.Create("a", dir), tx.Create("p", pfs.Entry{Kind: pfs.EntryFifo}))
	})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := store.Snapshot(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	for name, fn := range map[string]func(tx *pfs.Tx) error{
		"Create":       func(tx *pfs.Tx) error { return tx.Create(".pfs", dir) },
		"MakeDir":      func(tx *pfs.Tx) error { return tx.MakeDir(".pfs/x", nil) },
		"PutFile":      func(tx *pfs.Tx) error { return tx.PutFile(".pfs/x", pfs.Content{}, nil, 0) },
		"Rename":       func(tx *pfs.Tx) error { return tx.Rename("a", ".pfs", pfs.RenameReplace) },
		"Link":         func(tx *pfs.Tx) error { return tx.Link("p", ".pfs") },
		"Copy":         func(tx *pfs.Tx) error { return tx.Copy(".pfs", snap, "a") },
		"Copy, deeper": func(tx *pfs.Tx) error { return tx.Copy(".pfs/x", snap, "a") },
	} {
		if _, err := store.Update(ctx, ref, by, fn); pfs.KindOf(err) != pfs.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := store.CreateUpload(ctx, ref, ".pfs/x", nil); pfs.KindOf(err) != pfs.KindInvalid {
		t.Errorf("CreateUpload: %v", err)
	}
	_, err = store.Update(ctx, ref, by, func(tx *pfs.Tx) error {
		if err := tx.MakeDir("a/.pfs/x", nil); err != nil {
			return err
		}
		return tx.MakeDir(".pfsx", nil)
	})
	if err != nil {
		t.Errorf("elsewhere it is a name as any other: %v", err)
	}
}
