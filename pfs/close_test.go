package pfs_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"weak"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// openMemory opens the store in rows and disk.
func openMemory(t *testing.T, rows *memkv.Store, disk pack.FS) *pfs.Store {
	t.Helper()
	return openMemoryWith(t, rows, disk, pfstest.Options(t))
}

func openMemoryWith(t *testing.T, rows *memkv.Store, disk pack.FS, opts pfs.Options) *pfs.Store {
	t.Helper()
	packs, err := pack.Open(disk, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := pfs.OpenOn(ctx, rows, packs, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCloseEndsEverythingOnce(t *testing.T) {
	s := openMemory(t, memkv.New(), pack.NewMemory(nil))
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	w, err := s.Watch(master)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.Close(), pfs.KindClosed)
	if _, err := w.Next(ctx); err != io.EOF {
		t.Errorf("Next after the store was closed: %v", err)
	}
	w.Close()
	_, err = s.Update(ctx, master, byCLI, func(*pfs.Tx) error { return nil })
	wantKind(t, err, pfs.KindClosed)
	_, err = s.Watch(master)
	wantKind(t, err, pfs.KindClosed)
}

// TestCloseKeepsWhatWasApplied closes the store while changes are applied: each that was acknowledged is in a commit.
func TestCloseKeepsWhatWasApplied(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	s := openMemory(t, rows, disk)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	c := ingest(t, s, "x")
	var wg sync.WaitGroup
	var applied [4]int
	begun := make(chan struct{}, len(applied))
	for i := range applied {
		wg.Go(func() {
			for {
				path := fmt.Sprintf("d%d/f%d", i, applied[i])
				err := s.Apply(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.PutFile(path, c, nil, 0) })
				if err != nil {
					wantKind(t, err, pfs.KindClosed)
					return
				}
				if applied[i]++; applied[i] == 20 {
					begun <- struct{}{}
				}
			}
		})
	}
	for range applied {
		<-begun
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	s = openMemory(t, rows.Crash(), disk.Crash(nil))
	paths := tree(t, s, at(t, master, "HEAD"))
	for i, n := range applied {
		if got := strings.Count(paths, fmt.Sprintf("d%d/f", i)); got != n {
			t.Errorf("d%d has %d files, want %d", i, got, n)
		}
	}
	pfstest.Check(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestPanicLeavesNothingPending(t *testing.T) {
	s := newImages(t)
	head := put(t, s, master, "a", "1")
	_, err := s.Update(ctx, master, byCLI, func(*pfs.Tx) error { panic("oops") })
	wantKind(t, err, pfs.KindInternal)
	b, err := s.Branch(ctx, master)
	if err != nil || b.Pending {
		t.Errorf("pending: %v (%v)", b.Pending, err)
	}
	if c, err := s.Cut(ctx, master); err != nil || c.ID != head.ID {
		t.Errorf("the head is %v, want %v (%v)", c.ID, head.ID, err)
	}
}

// TestLostBytesHoldUpTheirBranchAlone loses the bytes of an applied file: its branch can have no commit until the file is
// replaced or removed, others go on.
func TestLostBytesHoldUpTheirBranchAlone(t *testing.T) {
	broken := false
	disk := pack.NewMemory(func(op pack.Op, _ string) error {
		if broken && op == pack.OpSync {
			return errBroken
		}
		return nil
	})
	rows := memkv.New()
	s := openMemory(t, rows, disk)
	dev := pfs.BranchRef("images", "dev")
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateBranch(ctx, dev, pfs.BranchOptions{From: master}); err != nil {
		t.Fatal(err)
	}
	apply := func(ref pfs.Ref, path, text string) error {
		c := ingest(t, s, text)
		return s.Apply(ctx, ref, byMount, func(tx *pfs.Tx) error { return tx.PutFile(path, c, nil, 0) })
	}
	for ref, path := range map[pfs.Ref]string{master: "a/lost", dev: "kept"} {
		if err := apply(ref, path, map[string]string{"a/lost": large(1), "kept": "small"}[path]); err != nil {
			t.Fatal(err)
		}
	}
	broken = true
	wantKind(t, s.Sync(ctx, master), pfs.KindInternal)
	broken = false
	_, err := s.Cut(ctx, master)
	wantKind(t, err, pfs.KindInternal)
	if _, err := s.Cut(ctx, dev); err != nil {
		t.Errorf("another branch: %v", err)
	}
	put(t, s, dev, "b", large(2))
	if got := read(t, s, at(t, master, "HEAD"), "a/lost"); got != "error: no such file" {
		t.Errorf("lost bytes are in a commit: %.20q", got)
	}
	if err := apply(master, "a/lost", "new"); err != nil {
		t.Error(err)
	}
	if _, err := s.Cut(ctx, master); err != nil {
		t.Errorf("after the file was replaced: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = openMemory(t, rows.Crash(), disk.Crash(nil))
	for ref, want := range map[pfs.Ref]string{at(t, master, "HEAD"): "a/ a/lost", at(t, dev, "HEAD"): "b kept"} {
		if got := tree(t, s, ref); got != want {
			t.Errorf("%v: %q, want %q", ref, got, want)
		}
	}
	pfstest.Check(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestClosedStoreIsFreed checks that nothing in the runtime keeps a store that was closed.
func TestClosedStoreIsFreed(t *testing.T) {
	open := func() weak.Pointer[pfs.Store] {
		packs, err := pack.Open(pack.NewMemory(nil), pack.Options{})
		noError(t, err)
		s, err := pfs.OpenOn(ctx, memkv.New(), packs, pfstest.Options(t))
		noError(t, err)
		makeRepo(t, s, "images")
		putFile(t, s, master, "a", []byte("text"))
		pfstest.Check(t, s)
		noError(t, s.Close())
		return weak.Make(s)
	}
	closed := open()
	for range 10 { // what a cleanup lets go of may lead to others
		runtime.GC()
	}
	if closed.Value() != nil {
		t.Error("the store is still there")
	}
}
