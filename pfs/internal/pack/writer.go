package pack

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"pfsd/pfs/internal/schema"
)

// Writer appends to one pack, and goes on in a new one when that is full. It is for one goroutine at a time. While it
// is held no other Writer appends to its pack, so that a Sync for somebody else's records does not wait for its own.
type Writer struct {
	store *Store
	pack  *pack // nil before the first Append
	done  bool
	// moving is set when records are moved, see LeaseForMove.
	moving bool
}

// Lease returns a Writer, which the caller must Release. It never waits: when no open pack is free, the Writer's first
// Append makes one. It returns ErrClosed, or ctx's error when ctx is done.
func (s *Store) Lease(ctx context.Context) (*Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	w := &Writer{store: s}
	if n := len(s.idle); n > 0 {
		w.pack, s.idle = s.idle[n-1], s.idle[:n-1]
	}
	return w, nil
}

// LeaseForMove is Lease for one who copies records out of packs that are removed then: the Writer may go down to half of
// Options.FreeMark, so that a disk that is full can be made less so.
func (s *Store) LeaseForMove(ctx context.Context) (*Writer, error) {
	w, err := s.Lease(ctx)
	if err == nil {
		w.moving = true
	}
	return w, err
}

// Append stores one record and returns where its data is, which can be read at once but is durable only after a Sync of
// the Location's pack. It keeps neither slice. On an error nothing was stored: ErrNoSpace, ErrTooLarge, ErrClosed or that of
// the file system; the Writer can be used again, and goes on in another pack when the fault was the pack's.
func (w *Writer) Append(hash schema.Hash, data []byte) (Location, error) {
	switch {
	case w.done:
		return Location{}, ErrClosed
	case len(data) == 0 || len(data) > MaxRecord:
		return Location{}, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(data))
	}
	need := headSize(uint32(len(data))) + len(data)
	if err := w.room(need); err != nil {
		return Location{}, err
	}
	off, err := w.place(int64(need))
	if err != nil {
		return Location{}, err
	}
	if err := w.write(off, hash, data, need); err != nil {
		return Location{}, err
	}
	return Location{w.pack.id, off + int64(need-len(data)), uint32(len(data))}, nil
}

// place sees to it that the Writer has a pack with room for need bytes, and returns where they go.
func (w *Writer) place(need int64) (int64, error) {
	if w.pack != nil {
		off, ok := w.pack.writable()
		if ok && (off+need <= w.store.opts.MaxSize || off == packHeader) {
			return off, nil
		}
		w.drop()
	}
	p, err := w.store.create()
	if err != nil {
		return 0, fmt.Errorf("pack: create: %w", shortage(err))
	}
	w.pack = p
	return packHeader, nil
}

// write writes the record in one call, as one write is what a crash tears least and a file system does fastest.
func (w *Writer) write(off int64, hash schema.Hash, data []byte, need int) error {
	h, err := w.store.handles.acquire(w.pack.id)
	if err != nil {
		return err
	}
	defer w.store.handles.release(h)
	buf := w.store.buffers.Get().(*[]byte)
	defer w.store.buffers.Put(buf)
	*buf = appendRecord(slices.Grow((*buf)[:0], need), w.pack.id, off, hash, data)
	if _, err := h.file.WriteAt(*buf, off); err != nil {
		err = fmt.Errorf("pack %s: append at %d: %w", fileName(w.pack.id), off, shortage(err))
		w.drop()
		return err
	}
	w.pack.grow(need)
	return nil
}

// drop seals the Writer's pack and parts with it.
func (w *Writer) drop() {
	if h := w.pack.seal(); h != nil {
		w.store.handles.release(h)
	}
	w.pack = nil
}

// Release gives the pack back for the next Lease. What was appended stays readable. A second call does nothing.
func (w *Writer) Release() {
	if w.done {
		return
	}
	w.done = true
	if w.pack != nil && !w.store.keep(w.pack) {
		w.drop()
	}
}

// keep takes p back into the pool of open packs, unless that is full or p takes no more records.
func (s *Store) keep(p *pack) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := p.writable(); !ok || s.closed || len(s.idle) >= s.opts.Idle {
		return false
	}
	s.idle = append(s.idle, p)
	return true
}

// create makes the next pack, with its header. Neither it nor its name is durable yet.
func (s *Store) create() (*pack, error) {
	id, err := s.nextID()
	if err != nil {
		return nil, err
	}
	file, err := s.fs.Create(fileName(id))
	if err != nil {
		return nil, err
	}
	if _, err := file.WriteAt(encodePackHeader(id), 0); err != nil {
		return nil, errors.Join(err, file.Close(), s.fs.Remove(fileName(id)))
	}
	pin, spare, err := s.handles.insert(id, file)
	for _, f := range spare {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, err
	}
	return s.add(created(id, s.opts.MaxSize, pin))
}

// add makes a new pack known.
func (s *Store) add(p *pack) (*pack, error) {
	s.mu.Lock()
	if !s.closed {
		s.packs[p.id] = p
		s.mu.Unlock()
		return p, nil
	}
	s.mu.Unlock()
	s.handles.release(p.pin)
	return nil, ErrClosed
}

// room returns ErrNoSpace when the disk is so full that n bytes must not be appended. It looks at the disk at the first call,
// then once for each checkSpace bytes, and at each call while there is too little; and at each call of one who moves.
func (w *Writer) room(n int) error {
	s := w.store
	if w.moving {
		return s.hasFree(s.opts.FreeMark / 2)
	}
	if s.budget.Add(-int64(n)) >= 0 {
		return nil
	}
	if err := s.hasFree(s.opts.FreeMark); err != nil {
		return err
	}
	s.budget.Store(checkSpace)
	return nil
}

// hasFree returns ErrNoSpace unless so many bytes are free.
func (s *Store) hasFree(mark int64) error {
	free, err := s.fs.Free()
	if err != nil {
		return fmt.Errorf("pack: free space: %w", shortage(err))
	}
	if free < mark {
		return fmt.Errorf("%w: %d bytes are free, %d are kept", ErrNoSpace, free, mark)
	}
	return nil
}

// shortage makes an error of a disk that is full an ErrNoSpace too, and one of a machine that is short of descriptors or memory an
// ErrExhausted.
func shortage(err error) error {
	switch {
	case full(err):
		return errors.Join(ErrNoSpace, err)
	case short(err):
		return errors.Join(ErrExhausted, err)
	}
	return err
}
