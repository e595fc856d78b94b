package pfs_test

import (
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// TestCopyOfLostBytes copies a directory with a file whose bytes have been lost on their way to the disk: no commit comes of
// it.
func TestCopyOfLostBytes(t *testing.T) {
	broken := false
	disk := pack.NewMemory(func(op pack.Op, _ string) error {
		if broken && op == pack.OpSync {
			return errBroken
		}
		return nil
	})
	s := openMemory(t, memkv.New(), disk)
	makeRepo(t, s, "images")
	branchOf(t, s, dev, master)
	put(t, s, master, "there/kept", "kept")
	lost := ingest(t, s, large(1))
	noError(t, s.Apply(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.PutFile("d/lost", lost, nil, 0) }))
	broken = true
	wantKind(t, s.Sync(ctx, master), pfs.KindInternal)
	broken = false
	snap, err := s.Snapshot(ctx, master)
	noError(t, err)
	for _, from := range []string{"d", "d/lost", ""} {
		_, err := s.Update(ctx, dev, byCLI, func(tx *pfs.Tx) error { return tx.Copy("copy", snap, from) })
		wantKind(t, err, pfs.KindInternal)
		if got := tree(t, s, dev); got != "" {
			t.Errorf("after the copy of %q the branch has %q", from, got)
		}
	}
	update(t, s, dev, func(tx *pfs.Tx) error { return tx.Copy("copy", snap, "there") })
	pfstest.Check(t, s)
	noError(t, s.Apply(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.RemoveAll("d") }))
	noError(t, s.Close())
}
