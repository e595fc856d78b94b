package fsys

import (
	"context"
	"runtime"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// TestWriteWhileFlushed writes to a file while another handle of it, which has written nothing, is closed: what was written is
// still to be linked then.
func TestWriteWhileFlushed(t *testing.T) {
	r := newRig(t, newStore(t), master)
	id := r.create("file")
	r.want("flush", r.flush(id), fuse.OK)
	n := r.table.get(id)
	for range 1000 {
		r.dirty.mu.Lock()
		flushed := make(chan fuse.Status)
		go func() { flushed <- r.flush(id) }()
		for range 10 {
			runtime.Gosched() // It looks, and goes as far as to the set.
		}
		if err := n.data.Load().write([]byte("bytes"), 0, stamp{at: r.now()}); err != nil {
			t.Fatal(err)
		}
		r.dirty.set[n] = struct{}{}
		r.dirty.mu.Unlock()
		r.want("flush", <-flushed, fuse.OK)
		changed := n.data.Load().changed()
		if todo := r.dirty.all(); changed && len(todo) == 0 {
			t.Fatal("the file has changes and nobody will link them")
		}
		r.want("flush", r.flush(id), fuse.OK)
	}
	r.release(id)
}

// TestTimeSetWhileLinked sets the time of a file whose bytes are being linked: it is not lost.
func TestTimeSetWhileLinked(t *testing.T) {
	r := newRig(t, newStore(t), master)
	id := r.create("file")
	r.write(id, "bytes")
	const past = 1_000_000_000
	d := r.table.get(id).data.Load()
	r.store.applied = func() {
		r.store.applied = nil
		if !d.retime(true, past, stamp{at: r.now()}) {
			t.Error("the time does not go with the bytes")
		}
	}
	r.want("flush", r.flush(id), fuse.OK)
	r.want("flush", r.flush(id), fuse.OK)
	r.release(id)
	snap, err := r.store.Snapshot(context.Background(), master)
	if err != nil {
		t.Fatal(err)
	}
	e, err := snap.Stat(context.Background(), "file")
	if err != nil || e.Mtime != past {
		t.Errorf("the store has mtime %d, %v", e.Mtime, err)
	}
}
