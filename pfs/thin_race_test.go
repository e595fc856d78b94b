package pfs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// hookedStore is a key-value store that calls a function once, after the next view.
type hookedStore struct {
	kv.Store
	after func()
}

func (h *hookedStore) View(ctx context.Context, fn func(kv.Reader) error) error {
	err := h.Store.View(ctx, fn)
	if after := h.after; after != nil {
		h.after = nil
		after()
	}
	return err
}

// TestThinWhileCommitIsLoaded thins out what is below a commit whose row somebody has just read: that is not kept in memory as
// it was.
func TestThinWhileCommitIsLoaded(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	rows, disk := memkv.New(), pack.NewMemory(nil)
	open := func(rows kv.Store) *pfs.Store {
		packs, err := pack.Open(disk, pack.Options{})
		noError(t, err)
		s, err := pfs.OpenOn(ctx, rows, packs, opts)
		noError(t, err)
		return s
	}
	s := open(rows)
	makeRepo(t, s, "images")
	first := putFile(t, s, master, "f", []byte("first"))
	var ids []pfs.CommitID
	for i := range 3 {
		c := ingest(t, s, fmt.Sprint(i))
		made, err := s.Update(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.PutFile("f", c, nil, 0) })
		noError(t, err)
		ids = append(ids, made.ID)
	}
	putFile(t, s, master, "f", []byte("last"))
	noError(t, s.Close())
	clock.Add(48 * time.Hour)
	hooked := &hookedStore{Store: rows.Crash()}
	s = open(hooked)
	defer func() { noError(t, s.Close()) }()
	hooked.after = func() {
		if gone, err := s.Thin(ctx, master, false); err != nil || len(gone) != 2 {
			t.Errorf("%d commits went (%v)", len(gone), err)
		}
	}
	ref := pfs.Ref{Repo: "images", Commit: ids[2]}
	noError(t, second(s.Commit(ctx, ref)))
	c, err := s.Commit(ctx, ref)
	noError(t, err)
	if c.Parents[0] != first.ID {
		t.Errorf("its parent is %v, want %v", c.Parents[0], first.ID)
	}
}
