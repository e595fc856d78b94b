package fsys

import (
	"context"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// TestWorkspace mounts an open commit, and goes on after that is finished.
func TestWorkspace(t *testing.T) {
	store := newStore(t)
	ctx, by := context.Background(), pfs.By{Origin: pfs.OriginCLI}
	open, err := store.StartCommit(ctx, master, by)
	if err != nil {
		t.Fatal(err)
	}
	ref := pfs.Ref{Repo: "data", Name: "master", Commit: open.ID}
	r := newRig(t, store, ref)
	id := r.create("file")
	r.write(id, "bytes")
	r.want("close", r.flush(id), fuse.OK)
	r.release(id)
	if _, err := store.FinishCommit(ctx, ref, by, 0); err != nil {
		t.Fatal(err)
	}
	snap, err := store.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snap.Stat(ctx, "file"); err != nil {
		t.Errorf("the branch does not have it: %v", err)
	}
	var out fuse.EntryOut
	in := fuse.MkdirIn{InHeader: fuse.InHeader{NodeId: rootID}, Mode: 0o755}
	r.want("mkdir in a finished commit", r.Mkdir(nil, &in, "dir", &out), fuse.EROFS)
}
