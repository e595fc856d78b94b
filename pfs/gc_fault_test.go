package pfs_test

import (
	"bytes"
	"sync/atomic"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// TestGCFaults has each operation of a collection fail, one at a time and in each way: nothing that is in use is hurt, then
// or after a power cut, and the next collection frees all that this one has not.
func TestGCFaults(t *testing.T) {
	for name, f := range withShortages(map[pack.Op]int{
		pack.OpCreate: 1, pack.OpWrite: 1, pack.OpSync: 1, pack.OpSyncDir: 1, pack.OpRemove: 1, pack.OpRead: 1,
	}, map[string]fault{
		"rows: exhausted":   {err: kv.ErrExhausted, hits: 5},
		"rows: full disk":   {err: kv.ErrNoSpace, hits: 5},
		"rows: broken disk": {err: errBroken, lasting: true, hits: 5},
		"packs: create":     {op: pack.OpCreate, err: errBroken, hits: 1},
		"packs: write":      {op: pack.OpWrite, err: errBroken, hits: 1},
		"packs: sync":       {op: pack.OpSync, err: errBroken, hits: 1},
		"packs: remove":     {op: pack.OpRemove, err: errBroken, hits: 1},
		"packs: read":       {op: pack.OpRead, err: errBroken, hits: 1},
	}) {
		t.Run(name, func(t *testing.T) {
			hits := 0
			for ; collectWithFault(t, f, hits+1); hits++ {
			}
			if hits < f.hits {
				t.Errorf("only %d operations could fail, want %d", hits, f.hits)
			}
		})
	}
}

// collectWithFault runs a collection of which the n-th operation fails, and reports whether there was one.
func collectWithFault(t *testing.T, f fault, n int) bool {
	rows, opts := memkv.New(), pfstest.Options(t)
	var armed atomic.Bool
	var seen atomic.Int64
	disk := pack.NewMemory(func(op pack.Op, _ string) error {
		if armed.Load() && op == f.op && seen.Add(1) == int64(n) {
			return f.err
		}
		return nil
	})
	packs, err := pack.Open(disk, pack.Options{})
	noError(t, err)
	s, err := pfs.OpenOn(ctx, rows, packs, opts)
	noError(t, err)
	makeRepo(t, s, "r")
	master := pfs.BranchRef("r", "master")
	noError(t, ensureBranch(s, "r", "gone"))
	putFile(t, s, pfs.BranchRef("r", "gone"), "alone", noise(1, 300<<10))
	putFile(t, s, master, "keep", noise(2, 300<<10))
	noError(t, s.DeleteBranch(ctx, pfs.BranchRef("r", "gone"), false))
	if f.op == "" {
		rows.Fail(n, f.err)
	}
	armed.Store(true)
	_, err = s.GC(ctx, pfs.GCOptions{Compact: pfs.CompactAll})
	armed.Store(false)
	hit := f.op == "" && rows.Planned() == 0 || f.op != "" && seen.Load() >= int64(n)
	if err == nil && hit && f.lasting { // without room, packs are left as they are
		t.Errorf("operation %d failed, and the collection did not", n)
	}
	if err != nil && !hit {
		t.Errorf("no operation failed, and the collection did: %v", err)
	}
	if !bytes.Equal(readFile(t, s, master, "keep"), noise(2, 300<<10)) {
		t.Error("the file has other bytes")
	}
	if !f.lasting {
		collect(t, s, 0)
		pfstest.Check(t, s)
	}
	left, cut := rows.Crash(), disk.Crash(nil)
	_ = s.Close()
	packs, err = pack.Open(cut, pack.Options{})
	noError(t, err)
	s, err = pfs.OpenOn(ctx, left, packs, opts)
	noError(t, err)
	defer s.Close()
	pfstest.Check(t, s)
	_, err = s.GC(ctx, pfs.GCOptions{Compact: pfs.CompactAll})
	noError(t, err)
	pfstest.Check(t, s)
	if got := packBytes(t, s); got > 310<<10 {
		t.Errorf("operation %d: packs have %d bytes in the end", n, got)
	}
	if !bytes.Equal(readFile(t, s, master, "keep"), noise(2, 300<<10)) {
		t.Error("the file has other bytes")
	}
	if t.Failed() {
		t.Fatalf("that was with a failure of operation %d", n)
	}
	return hit
}

// TestReadFault has a read of a pack fail: that request fails, the next one does not.
func TestReadFault(t *testing.T) {
	var fail atomic.Bool
	hits := 0
	disk := pack.NewMemory(func(op pack.Op, _ string) error {
		if op == pack.OpRead && fail.CompareAndSwap(true, false) {
			hits++
			return errBroken
		}
		return nil
	})
	packs, err := pack.Open(disk, pack.Options{})
	noError(t, err)
	s, err := pfs.OpenOn(ctx, memkv.New(), packs, pfstest.Options(t))
	noError(t, err)
	defer s.Close()
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	want := noise(3, 200<<10)
	putFile(t, s, ref, "f", want)
	snap, err := s.Snapshot(ctx, ref)
	noError(t, err)
	f, err := snap.Open(ctx, "f")
	noError(t, err)
	for at := int64(0); at < f.Size(); at += 30 << 10 {
		fail.Store(true)
		_, err := f.ReadAt(make([]byte, 100), at)
		wantKind(t, err, pfs.KindInternal)
	}
	if hits != 7 {
		t.Errorf("%d reads failed", hits)
	}
	if !bytes.Equal(readFile(t, s, ref, "f"), want) {
		t.Error("the file has other bytes")
	}
}
