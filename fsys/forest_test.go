package fsys

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// TestTreeOfLastHandle closes the last handle of a tree whose inodes the kernel has forgotten before: the tree is cleared
// away then.
func TestTreeOfLastHandle(t *testing.T) {
	cfg, err := Config{All: true, Now: time.Now, ScratchDir: t.TempDir(), LinkEvery: time.Hour}.complete()
	if err != nil {
		t.Fatal(err)
	}
	f, err := newForest(context.Background(), newStore(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.start(&told{})
	branch, err := f.branchTree(master)
	if err != nil {
		t.Fatal(err)
	}
	var root fuse.EntryOut
	if there, err := f.replyTree(branch, time.Hour, &root); !there || err != nil {
		t.Fatal(there, err)
	}
	var file fuse.CreateOut
	in := fuse.CreateIn{InHeader: fuse.InHeader{NodeId: root.NodeId}, Flags: syscall.O_RDWR, Mode: 0o644}
	if st := f.Create(nil, &in, "file", &file); st != fuse.OK {
		t.Fatal(st)
	}
	header := fuse.InHeader{NodeId: file.NodeId}
	if st := f.Flush(nil, &fuse.FlushIn{InHeader: header}); st != fuse.OK {
		t.Fatal(st)
	}
	f.Forget(file.NodeId, 1)
	f.Forget(root.NodeId, 1)
	if n := len(f.all()); n != 1 {
		t.Errorf("there are %d trees while a file is open", n)
	}
	f.Release(nil, &fuse.ReleaseIn{InHeader: header, Flags: syscall.O_RDWR})
	if n := len(f.all()); n != 0 {
		t.Errorf("there are %d trees when all has been closed", n)
	}
	if err := f.finish(); err != nil {
		t.Error(err)
	}
}
