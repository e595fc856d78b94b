package pfs_test

import (
	"bytes"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/pfstest"
)

// TestLostPack takes the last pack away from a store and stores another file of the same size: the first one cannot be read
// then, and does not get the bytes of the other, even in a store of a program that did not note the ids of packs, or whose
// note is damaged. The lost one can be stored again.
func TestLostPack(t *testing.T) {
	for name, change := range map[string]kv.Batch{
		"noted":     {},
		"not noted": {Deletes: [][]byte{schema.PacksKey()}},
		"damaged":   {Puts: []kv.Row{{Key: schema.PacksKey(), Value: []byte("damaged")}}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, disk := memkv.New(), pack.NewMemory(nil)
			s := openMemory(t, rows, disk)
			makeRepo(t, s, "r")
			ref := pfs.BranchRef("r", "master")
			first, second := noise(1, 1<<20), noise(2, 1<<20)
			putFile(t, s, ref, "first", first)
			noError(t, s.Close())
			rows = rows.Crash()
			noError(t, rows.Commit(ctx, change))
			files, err := disk.List()
			noError(t, err)
			for _, f := range files {
				noError(t, disk.Remove(f.Name))
			}

			s = openMemory(t, rows, disk)
			putFile(t, s, ref, "second", second)
			if !bytes.Equal(readFile(t, s, ref, "second"), second) {
				t.Error("the second file has other bytes")
			}
			snap, err := s.Snapshot(ctx, ref)
			noError(t, err)
			lost, err := snap.Open(ctx, "first")
			noError(t, err)
			if n, err := lost.ReadAt(make([]byte, len(first)), 0); pfs.KindOf(err) != pfs.KindCorrupt {
				t.Errorf("reading the lost file: %d bytes, %v", n, err)
			}
			putFile(t, s, ref, "again", first)
			if !bytes.Equal(readFile(t, s, ref, "first"), first) {
				t.Error("the first file, stored again, has other bytes")
			}
			pfstest.Check(t, s)
			noError(t, s.Close())
		})
	}
}
