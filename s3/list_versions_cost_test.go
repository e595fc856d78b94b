package s3

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// countedTree counts what is read of the present keys.
type countedTree struct {
	versionTree
	items *int
}

func (t countedTree) Walk(ctx context.Context, prefix, from string) iter.Seq2[pfs.Item, error] {
	return func(yield func(pfs.Item, error) bool) {
		for item, err := range t.versionTree.Walk(ctx, prefix, from) {
			if *t.items++; !yield(item, err) {
				return
			}
		}
	}
}

func (t countedTree) List(ctx context.Context, dir, from string) iter.Seq2[pfs.Entry, error] {
	return func(yield func(pfs.Entry, error) bool) {
		for entry, err := range t.versionTree.List(ctx, dir, from) {
			if *t.items++; !yield(entry, err) {
				return
			}
		}
	}
}

// TestCostOfPageOfVersions: a short page of versions reads few of many present keys.
func TestCostOfPageOfVersions(t *testing.T) {
	ctx, store := t.Context(), pfstest.NewStore(t)
	if _, err := store.CreateRepo(ctx, "data", pfs.Owner{}, pfs.By{}); err != nil {
		t.Fatal(err)
	}
	master := pfs.BranchRef("data", "master")
	const files = 3000
	one, err := store.Ingest(ctx, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer one.Release()
	_, err = store.Update(ctx, master, pfs.By{}, func(tx *pfs.Tx) error {
		for i := range files {
			if err := tx.PutFile(fmt.Sprintf("f%05d", i), one.Content, nil, 0); err != nil {
				return err
			}
		}
		return tx.MakeDir("z", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := store.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	for _, grouped := range []bool{false, true} {
		for _, mark := range []string{"", "f00000", "f01500"} {
			items := 0
			p := &versionPage{listing: listing{grouped: grouped, after: mark, limit: 1}}
			if err := p.fill(ctx, countedTree{snapshot, &items}, pfs.VersionMark{Path: mark}); err != nil || len(p.items) != 1 {
				t.Fatal(p.items, err)
			}
			if items > files/10 {
				t.Errorf("one item behind %q (grouped %v) takes %d of %d keys", mark, grouped, items, files)
			}
		}
		p := &versionPage{listing: listing{grouped: grouped, after: "f02998", limit: 5}}
		err := p.fill(ctx, snapshot, pfs.VersionMark{Path: "f02998"})
		if err != nil || len(p.items) != 2 || p.items[0].key != "f02999" || p.items[1].key != "z/" {
			t.Errorf("the last page has %v, %v", p.items, err)
		}
	}
}
