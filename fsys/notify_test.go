package fsys

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// lookup looks a name up, and returns its inode; 0 when it is not there.
func (r *rig) lookup(dir uint64, name string) uint64 {
	r.t.Helper()
	var out fuse.EntryOut
	r.want("lookup", r.Lookup(nil, &fuse.InHeader{NodeId: dir}, name, &out), fuse.OK)
	return out.NodeId
}

// update changes the branch as another door does.
func (r *rig) update(fn func(tx *pfs.Tx) error) {
	r.t.Helper()
	if _, err := r.store.Update(context.Background(), master, pfs.By{Origin: pfs.OriginS3}, fn); err != nil {
		r.t.Fatal(err)
	}
}

// TestPushed changes a branch by another door and says what the kernel must have been told when the update returns.
func TestPushed(t *testing.T) {
	r := newRig(t, newStore(t), master)
	put := func(path string) func(tx *pfs.Tx) error {
		return func(tx *pfs.Tx) error { return tx.PutFile(path, r.empty.Content, nil, 1) }
	}
	r.update(put("dir/old"))
	dir := r.lookup(rootID, "dir")
	old := r.lookup(dir, "old")
	if r.lookup(dir, "absent") != 0 || r.lookup(rootID, "top") != 0 {
		t.Fatal("names that are not there were found")
	}
	r.kernel.take()
	entry := func(dir uint64, name string) string { return fmt.Sprintf("entry %d %s", dir, name) }
	listing := func(dir uint64) string { return fmt.Sprintf("inode %d [0 -1]", dir) }
	for _, test := range []struct {
		name   string
		change func(tx *pfs.Tx) error
		want   []string
		absent []string
	}{
		{"a file changed", put("dir/old"), []string{entry(dir, "old"), fmt.Sprintf("inode %d [-1 0]", old), listing(dir)},
			[]string{entry(rootID, "dir")}},
		{"a file added", put("dir/absent"), []string{entry(dir, "absent"), listing(dir)}, []string{entry(rootID, "dir")}},
		{"a directory added", put("top/x"), []string{entry(rootID, "top"), listing(rootID)}, nil},
		{"a directory renamed", func(tx *pfs.Tx) error { return tx.Rename("dir", "moved", pfs.RenameReplace) },
			[]string{entry(rootID, "dir"), entry(rootID, "moved"), entry(dir, "old")}, nil},
	} {
		r.update(test.change)
		got := r.kernel.take()
		for _, want := range test.want {
			if !slices.Contains(got, want) {
				t.Errorf("%s: the kernel was told %q, and not %q", test.name, got, want)
			}
		}
		for _, not := range test.absent {
			if slices.Contains(got, not) {
				t.Errorf("%s: the kernel was told %q, which drops too much", test.name, not)
			}
		}
	}
}

// TestOwnChangesAreNotPushed changes a branch by the mount itself.
func TestOwnChangesAreNotPushed(t *testing.T) {
	r := newRig(t, newStore(t), master)
	var out fuse.EntryOut
	in := fuse.MkdirIn{InHeader: fuse.InHeader{NodeId: rootID}, Mode: 0o755}
	r.want("mkdir", r.Mkdir(nil, &in, "dir", &out), fuse.OK)
	r.update(func(tx *pfs.Tx) error { return tx.PutFile("other", r.empty.Content, nil, 1) })
	if got := r.kernel.take(); slices.Contains(got, "entry 1 dir") {
		t.Errorf("the kernel was told %q", got)
	}
}
