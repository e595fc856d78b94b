package cas

import (
	"context"
	"io"
	"sync"

	"lukechampine.com/blake3"

	"pfsd/pfs/internal/schema"
)

const (
	// flushPacked is after how many bytes appended to packs an operation makes durable what it has written so far, so
	// that little is left to do in the end.
	flushPacked = 64 << 20
	// flushRows is how many bytes the unsaved rows of all operations may sum to before who adds to them saves some.
	flushRows = 16 << 20
	// parallelSize is from how many bytes on it pays to hash a chunk for itself and for the file at the same time.
	parallelSize = 32 << 10
)

// writer is what one operation writes with. It is for one goroutine at a time.
type writer struct {
	s      *Store
	ctx    context.Context // of the operation, which the writer does not outlive
	batch  *batch
	lease  appender // nil before the first large chunk
	packed int64    // bytes appended to packs since the last flush
	made   int64    // bytes of rows added since then
	hasher *groupHasher
	// flushing gives the outcome of the flush that is running, if any; nil if none is.
	flushing chan error
}

func (s *Store) newWriter(ctx context.Context) *writer {
	return &writer{s: s, ctx: ctx, batch: s.begin(), hasher: hashers.Get().(*groupHasher)}
}

// done ends the operation, which has made what has the given root, and returns its Pin.
func (w *writer) done(root schema.Hash) *Pin {
	w.release()
	return w.s.pin(w.batch, root)
}

// abort ends an operation that has failed.
func (w *writer) abort() {
	w.release()
	w.s.finish(w.batch, schema.Hash{}, false)
}

func (w *writer) release() {
	// Whether it fails is for Pending to see: the rows are still unsaved then, or lost.
	_ = w.wait()
	hashers.Put(w.hasher)
	w.hasher = nil
	if w.lease != nil {
		w.lease.Release()
		w.lease = nil
	}
}

// data hashes the bytes of a chunk as what comes next in the file, with f, and stores it, both at once, and returns its hash.
// f can be nil.
func (w *writer) data(f io.Writer, data []byte) (schema.Hash, error) {
	switch {
	case f == nil:
		return w.chunk(data)
	case len(data) < parallelSize:
		_, _ = f.Write(data)
		return w.chunk(data)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = f.Write(data) })
	defer wg.Wait()
	return w.chunk(data)
}

// chunk stores the bytes of a chunk, unless they are there, and returns their hash.
func (w *writer) chunk(data []byte) (schema.Hash, error) {
	h := w.hasher.sum(data)
	key := schema.ChunkKey(h)
	if known, err := w.s.adopt(w.ctx, w.batch, key); known || err != nil {
		return h, err
	}
	if len(data) <= maxInline {
		if err := w.s.Room(int64(len(data))); err != nil {
			return h, err
		}
		return h, w.add(key, append(append(make([]byte, 0, 1+len(data)), chunkInline), data...), 0)
	}
	if w.lease == nil {
		lease, err := w.s.packs.Lease(w.ctx)
		if err != nil {
			return h, err
		}
		w.lease = lease
	}
	loc, err := w.lease.Append(h, data)
	if err != nil {
		return h, err
	}
	w.packed += int64(len(data))
	return h, w.add(key, encodeLocation(loc), loc.Pack)
}

// record stores a record, unless it is there, and returns its hash.
func (w *writer) record(b []byte) (schema.Hash, error) {
	h := schema.Hash(blake3.Sum256(b))
	key := schema.WindowKey(h)
	if known, err := w.s.adopt(w.ctx, w.batch, key); known || err != nil {
		return h, err
	}
	return h, w.add(key, b, 0)
}

func (w *writer) add(key, value []byte, pack uint64) error {
	w.s.add(w.batch, key, value, pack)
	w.made += int64(len(key) + len(value))
	return w.flush()
}

// flush makes durable what the operation has written, when that is much; and what finished ones have, when nobody else
// does.
func (w *writer) flush() error {
	s := w.s
	s.mu.Lock()
	full := s.unsavedBytes > flushRows
	finished := full && len(s.finished) > 0
	s.mu.Unlock()
	if finished {
		if err := s.saveFinished(w.ctx); err != nil {
			return err
		}
	}
	if w.packed < flushPacked && (!full || w.made < maxFlush) {
		return nil
	}
	w.packed, w.made = 0, 0
	if err := w.wait(); err != nil {
		return err
	}
	// The operation goes on meanwhile, but not further than to the next flush.
	done := make(chan error, 1)
	w.flushing = done
	go func() {
		_, err := s.save(w.ctx, []*batch{w.batch}, 0)
		s.mu.Lock()
		w.batch.pruneLocked()
		s.mu.Unlock()
		done <- err
	}()
	return nil
}

// wait waits for the flush that is running, if any, and returns its error.
func (w *writer) wait() error {
	if w.flushing == nil {
		return nil
	}
	err := <-w.flushing
	w.flushing = nil
	return err
}

// saveFinished makes durable what finished operations have written.
func (s *Store) saveFinished(ctx context.Context) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	batches := s.takeFinished()
	defer s.giveBack(batches)
	_, err := s.save(ctx, batches, 0)
	return err
}
