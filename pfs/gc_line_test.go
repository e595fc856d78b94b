package pfs_test

import (
	"fmt"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/pfstest"
)

// manyTombs returns more tombstones than one transaction of a collection takes, of tags of a repo that sorts before others.
func manyTombs() []kv.Row {
	var rows []kv.Row
	tag := schema.TagRecord{Created: 1}
	tomb := schema.TombstoneRecord{Repo: "past", Record: tag.Append(nil)}
	for i := range 4200 {
		key := schema.TombKey(schema.ID{}, schema.AllTags()[0], fmt.Sprint("v", i), 1)
		rows = append(rows, kv.Row{Key: key, Value: tomb.Append(nil)})
	}
	return rows
}

// TestGCKeepsLinesOfTombstones collects when more tombstones have expired than one collection takes away: a branch on which
// there was no commit of its own, and whose tombstone is left, can be restored whole.
func TestGCKeepsLinesOfTombstones(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	rows := memkv.New()
	packs, err := pack.Open(pack.NewMemory(nil), pack.Options{})
	noError(t, err)
	s, err := pfs.OpenOn(ctx, rows, packs, opts)
	noError(t, err)
	defer func() { noError(t, s.Close()) }()
	makeRepo(t, s, "images")
	put(t, s, master, "f", "text")
	branchOf(t, s, dev, master)
	noError(t, s.DeleteBranch(ctx, dev, false))
	noError(t, rows.Put(ctx, manyTombs()))
	clock.Add(pfs.DefaultGrace + time.Hour)
	collect(t, s, -1)
	switch err := s.Undelete(ctx, dev); pfs.KindOf(err) {
	case 0:
		put(t, s, dev, "g", "more")
		n := 0
		for _, err := range s.Log(ctx, dev, "") {
			noError(t, err)
			n++
		}
		if n != 3 {
			t.Errorf("the log has %d commits, want 3", n)
		}
	default:
		t.Errorf("the branch cannot be restored: %v", err)
	}
	pfstest.Check(t, s)
	noError(t, s.DeleteBranch(ctx, dev, false))
	clock.Add(pfs.DefaultGrace + time.Hour)
	collect(t, s, -1)
	collect(t, s, -1)
	wantKind(t, s.Undelete(ctx, dev), pfs.KindBranchNotFound)
	pfstest.Check(t, s)
}

// TestCheckFindsMissingLine loses the row of a branch's line: a check says so, and what was deleted there is not restored.
func TestCheckFindsMissingLine(t *testing.T) {
	rows := memkv.New()
	s := openMemory(t, rows, pack.NewMemory(nil))
	defer func() { noError(t, s.Close()) }()
	makeRepo(t, s, "images")
	put(t, s, master, "f", "text")
	branchOf(t, s, dev, master)
	var last []byte
	noError(t, rows.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(schema.LinePrefix(), nil, false) {
			if err != nil {
				return err
			}
			last = append([]byte(nil), row.Key...)
		}
		return nil
	}))
	noError(t, rows.Commit(ctx, kv.Batch{Deletes: [][]byte{last}}))
	report, err := s.Check(ctx, pfs.CheckOptions{})
	noError(t, err)
	if len(report.Problems) != 1 || report.Problems[0].Ref != dev.String() {
		t.Errorf("problems: %v", report.Problems)
	}
	noError(t, s.DeleteBranch(ctx, dev, false))
	wantKind(t, s.Undelete(ctx, dev), pfs.KindCorrupt)
}
