package fsys

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// These tests call a mount as the kernel does, without one, on a store that fails when it is told to.

// faulty is a store whose operations fail with err while it is not nil.
type faulty struct {
	*pfs.Store
	err error
	// applied, if not nil, is called after each change.
	applied func()
}

func (f *faulty) Ingest(ctx context.Context, r io.Reader) (*pfs.Ingested, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.Store.Ingest(ctx, r)
}

func (f *faulty) Apply(ctx context.Context, ref pfs.Ref, by pfs.By, fn func(*pfs.Tx) error) error {
	if f.err != nil {
		return f.err
	}
	err := f.Store.Apply(ctx, ref, by, fn)
	if f.applied != nil {
		f.applied()
	}
	return err
}

// rig is a mount without a kernel.
type rig struct {
	*mount
	t      *testing.T
	store  *faulty
	clock  *pfstest.Clock
	kernel *told
}

var master = pfs.BranchRef("data", "master")

// newStore returns a store with an empty repo.
func newStore(t *testing.T) *faulty {
	t.Helper()
	store := &faulty{Store: pfstest.NewStore(t)}
	if _, err := store.CreateRepo(context.Background(), "data", pfs.Owner{}, pfs.By{Origin: pfs.OriginCLI}); err != nil {
		t.Fatal(err)
	}
	return store
}

// newRig returns a mount of a version.
func newRig(t *testing.T, store *faulty, ref pfs.Ref) *rig {
	t.Helper()
	clock := pfstest.NewClock()
	cfg, err := Config{Ref: ref, Now: clock.Now, ScratchDir: t.TempDir(), LinkEvery: time.Hour}.complete()
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMount(context.Background(), store, cfg, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{mount: m, t: t, store: store, clock: clock, kernel: &told{}}
	m.start(r.kernel)
	t.Cleanup(func() {
		store.err = nil
		if err := m.finish(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// told is what a kernel was told.
type told struct {
	// mu guards all.
	mu  sync.Mutex
	all []string
}

func (k *told) InodeNotify(node uint64, off, length int64) fuse.Status {
	return k.note(fmt.Sprintf("inode %d [%d %d]", node, off, length))
}

func (k *told) EntryNotify(parent uint64, name string) fuse.Status {
	return k.note(fmt.Sprintf("entry %d %s", parent, name))
}

func (k *told) note(what string) fuse.Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = append(k.all, what)
	return fuse.OK
}

// take returns what it was told since the last time.
func (k *told) take() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := k.all
	k.all = nil
	return all
}

func (r *rig) want(what string, got, want fuse.Status) {
	r.t.Helper()
	if got != want {
		r.t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// create makes and opens a file in the root.
func (r *rig) create(name string) (id uint64) {
	r.t.Helper()
	var out fuse.CreateOut
	in := fuse.CreateIn{InHeader: fuse.InHeader{NodeId: rootID}, Flags: syscall.O_RDWR, Mode: 0o644}
	r.want("create", r.Create(nil, &in, name, &out), fuse.OK)
	return out.NodeId
}

func (r *rig) write(id uint64, data string) {
	r.t.Helper()
	_, st := r.Write(nil, &fuse.WriteIn{InHeader: fuse.InHeader{NodeId: id}}, []byte(data))
	r.want("write", st, fuse.OK)
}

func (r *rig) flush(id uint64) fuse.Status {
	return r.Flush(nil, &fuse.FlushIn{InHeader: fuse.InHeader{NodeId: id}})
}

func (r *rig) release(id uint64) {
	r.Release(nil, &fuse.ReleaseIn{InHeader: fuse.InHeader{NodeId: id}, Flags: syscall.O_RDWR})
}

// stored returns what the store has at a path.
func (r *rig) stored(path string) (data string, ok bool) {
	r.t.Helper()
	snap, err := r.store.Snapshot(context.Background(), r.cfg.Ref)
	if err != nil {
		r.t.Fatal(err)
	}
	e, err := snap.Stat(context.Background(), path)
	if isAbsent(err) {
		return "", false
	}
	if err != nil {
		r.t.Fatal(err)
	}
	all := make([]byte, e.Content.Size)
	if err := readFull(r.store.OpenContent(e.Content), all, 0); err != nil {
		r.t.Fatal(err)
	}
	return string(all), true
}

// TestFullDisk closes a file while nothing can be stored: close(2) says so, nothing is lost, and it is tried again.
func TestFullDisk(t *testing.T) {
	r := newRig(t, newStore(t), master)
	id := r.create("file")
	r.write(id, "bytes")
	r.store.err = &pfs.Error{Op: "test", Kind: pfs.KindNoSpace}
	r.want("close on a full disk", r.flush(id), fuse.Status(syscall.ENOSPC))
	r.want("fsync on a full disk", r.Fsync(nil, &fuse.FsyncIn{InHeader: fuse.InHeader{NodeId: id}}), fuse.Status(syscall.ENOSPC))
	r.release(id)
	if _, ok := r.stored("file"); ok {
		t.Error("it was stored")
	}
	failures := make(map[*inode]pfs.Kind)
	r.linkDue(failures)
	r.store.err = nil
	r.linkDue(failures)
	if data, _ := r.stored("file"); data != "bytes" {
		t.Errorf("the store has %q when there is room again", data)
	}
	if n := len(r.dirty.all()); n > 0 {
		t.Errorf("%d files are still to be linked", n)
	}
}

// TestOpenForLong keeps a file open: what was written is linked after some time all the same.
func TestOpenForLong(t *testing.T) {
	r := newRig(t, newStore(t), master)
	id := r.create("log")
	r.write(id, "first line")
	failures := make(map[*inode]pfs.Kind)
	r.clock.Add(maxUnlinked - time.Second)
	r.linkDue(failures)
	if _, ok := r.stored("log"); ok {
		t.Error("it was linked early")
	}
	r.clock.Add(2 * time.Second)
	r.linkDue(failures)
	if data, _ := r.stored("log"); data != "first line" {
		t.Errorf("the store has %q", data)
	}
	r.want("close", r.flush(id), fuse.OK)
	r.release(id)
}

// TestMappingOpenForLong writes through a mapping, whose file stays open with it: the kernel has held the bytes back already, and
// they are linked soon.
func TestMappingOpenForLong(t *testing.T) {
	r := newRig(t, newStore(t), master)
	id := r.create("log")
	in := fuse.WriteIn{InHeader: fuse.InHeader{NodeId: id}, WriteFlags: fuse.WRITE_CACHE}
	_, st := r.Write(nil, &in, []byte("mapped"))
	r.want("write", st, fuse.OK)
	failures := make(map[*inode]pfs.Kind)
	r.clock.Add(maxUnlinkedMapped)
	r.linkDue(failures)
	if data, _ := r.stored("log"); data != "mapped" {
		t.Errorf("the store has %q", data)
	}
	r.write(id, "by hand")
	r.clock.Add(maxUnlinkedMapped)
	r.linkDue(failures)
	if data, _ := r.stored("log"); data != "mapped" {
		t.Errorf("the store has %q of what was written otherwise", data)
	}
	r.want("close", r.flush(id), fuse.OK)
	r.release(id)
}

// TestFlushTwice flushes without a change in between, as when a descriptor was duplicated: nothing is applied.
func TestFlushTwice(t *testing.T) {
	r := newRig(t, newStore(t), master)
	id := r.create("file")
	r.write(id, "bytes")
	r.want("first", r.flush(id), fuse.OK)
	r.store.err = &pfs.Error{Op: "test", Kind: pfs.KindInternal}
	r.want("second", r.flush(id), fuse.OK)
	r.release(id)
}

// TestManyRanges writes more separate ranges than are kept: they are folded on the way.
func TestManyRanges(t *testing.T) {
	r := newRig(t, newStore(t), master)
	id := r.create("file")
	n := r.table.get(id)
	const stride = 8192
	for i := range int64(maxUnfolds + 10) {
		in := fuse.WriteIn{InHeader: fuse.InHeader{NodeId: id}, Offset: uint64(i * stride)}
		_, st := r.Write(nil, &in, []byte{byte(i), byte(i >> 8), 1})
		r.want("write", st, fuse.OK)
	}
	if _, spans := n.data.Load().unfolded(); spans > 10 {
		t.Errorf("%d ranges are not folded", spans)
	}
	for _, i := range []int64{0, 1, 255, 256, maxUnfolds - 1, maxUnfolds, maxUnfolds + 9} {
		buf := make([]byte, 4)
		got, err := n.data.Load().readAt(buf, i*stride)
		if err != nil || got < 3 || buf[0] != byte(i) || buf[1] != byte(i>>8) || buf[2] != 1 {
			t.Errorf("range %d reads %v, %v", i, buf[:got], err)
		}
	}
	r.want("close", r.flush(id), fuse.OK)
	r.release(id)
	if data, _ := r.stored("file"); int64(len(data)) != (maxUnfolds+9)*stride+3 {
		t.Errorf("the store has %d bytes", len(data))
	}
}

// TestForget lets go of inodes in an order that a kernel may choose, and looks for what is left.
func TestForget(t *testing.T) {
	r := newRig(t, newStore(t), master)
	var dir fuse.EntryOut
	r.want("mkdir", r.Mkdir(nil, &fuse.MkdirIn{InHeader: fuse.InHeader{NodeId: rootID}, Mode: 0o755}, "dir", &dir), fuse.OK)
	var file fuse.CreateOut
	in := fuse.CreateIn{InHeader: fuse.InHeader{NodeId: dir.NodeId}, Flags: syscall.O_RDWR, Mode: 0o644}
	r.want("create", r.Create(nil, &in, "file", &file), fuse.OK)
	r.Forget(dir.NodeId, 1) // Its file keeps it.
	r.Forget(file.NodeId, 1)
	r.want("close", r.flush(file.NodeId), fuse.OK)
	if _, ok := r.stored("dir/file"); !ok {
		t.Error("the file was not linked")
	}
	r.release(file.NodeId)
	if n := len(r.table.inodes); n != 1 {
		t.Errorf("%d inodes are left", n)
	}
}

// TestScratchFiles looks for what a mount leaves in its directory.
func TestScratchFiles(t *testing.T) {
	r := newRig(t, newStore(t), master)
	id := r.create("file")
	for i := range int64(3) {
		in := fuse.WriteIn{InHeader: fuse.InHeader{NodeId: id}, Offset: uint64(i << 20)}
		_, st := r.Write(nil, &in, make([]byte, 1000))
		r.want("write", st, fuse.OK)
	}
	if names, _ := filepath.Glob(filepath.Join(r.scratch.files.dir, "*")); len(names) > 0 {
		t.Errorf("it has %v", names)
	}
	r.want("close", r.flush(id), fuse.OK)
	r.release(id)
}

// TestCloseWhileFolding closes data while it is folded, as when the last handle of a removed file is closed: what the fold has
// made must not stay pinned.
func TestCloseWhileFolding(t *testing.T) {
	store := newStore(t)
	made, err := store.Ingest(context.Background(), strings.NewReader("written"))
	if err != nil {
		t.Fatal(err)
	}
	d := newFileData(store, &scratch{files: NewScratch(t.TempDir(), 1)}, pfs.Content{})
	if err := d.write([]byte("written"), 0, stamp{at: 1}); err != nil {
		t.Fatal(err)
	}
	f, nothing := d.begin(false)
	if nothing {
		t.Fatal("nothing to fold")
	}
	d.close()
	d.end(f, made)
	if d.pin != nil {
		t.Error("the content is still pinned")
	}
}
