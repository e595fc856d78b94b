package fsys

import (
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
		if err := n.data.Load().write([]byte("bytes"), 0, r.now(), false); err != nil {
			t.Fatal(err)
		}
		r.dirty.set[n] = struct{}{}
		r.dirty.mu.Unlock()
		r.want("flush", <-flushed, fuse.OK)
		_, changed := n.data.Load().changed()
		if todo := r.dirty.all(); changed && len(todo) == 0 {
			t.Fatal("the file has changes and nobody will link them")
		}
		r.want("flush", r.flush(id), fuse.OK)
	}
	r.release(id)
}
