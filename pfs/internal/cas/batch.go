package cas

import (
	"context"
	"errors"
	"maps"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// rowState says where a row is.
type rowState uint8

const (
	rowUnsaved rowState = iota // in Store.unsaved
	rowSaved                   // in kv
	rowLost                    // nowhere: what it depends on could not be made durable
)

// rowOverhead is what an unsaved row takes beside its key and value, in bytes, about.
const rowOverhead = 200

// row is a row that an operation has made and that kv does not have yet. Its key and value never change; Store.mu guards
// the rest.
type row struct {
	key   string
	value []byte
	pack  uint64 // that must be synced before the row is saved; 0 when none need be, any more
	state rowState
}

func (r *row) bytes() int64 { return int64(len(r.key) + len(r.value) + rowOverhead) }

// batch is the unsaved rows that one operation depends on: those that it made, and those that it found made by others, who
// may well never finish. Store.mu guards it.
type batch struct {
	rows map[*row]struct{}
	root schema.Hash // of what the operation has made; zero until it has
	err  error       // ErrLost, when a row was
	held held        // while the operation runs
}

func newBatch() *batch { return &batch{rows: map[*row]struct{}{}} }

// pruneLocked drops the rows that need nothing more, and notes whether one was lost. Needs Store.mu.
func (b *batch) pruneLocked() {
	for r := range b.rows {
		if r.state == rowLost {
			b.err = ErrLost
		}
		if r.state != rowUnsaved {
			delete(b.rows, r)
		}
	}
}

// adopt reports whether the row is there for b to depend on: unsaved, and then b's too, or in kv. It stays there then, at
// least until the operation ends. The row of a chunk that is known to be lost is of no use to b.
func (s *Store) adopt(ctx context.Context, b *batch, key []byte) (bool, error) {
	// In this order: a collection that begins in between finds the row held, one that had begun is told.
	s.mu.Lock()
	b.held.add(key)
	s.mu.Unlock()
	if err := s.guard.Touch(ctx, key); err != nil {
		return false, err
	}
	s.mu.Lock()
	r := s.unsaved[string(key)]
	if r != nil {
		b.rows[r] = struct{}{}
	}
	s.mu.Unlock()
	if r != nil {
		return true, nil
	}
	useful := true
	err := s.kv.View(ctx, func(reader kv.Reader) error {
		value, err := reader.Get(key)
		if err == nil && key[0] == schema.ChunkRows()[0] {
			useful = s.useful(schema.Hash(key[1:]), value)
		}
		return err
	})
	if errors.Is(err, kv.ErrNotFound) {
		return false, nil
	}
	return useful && err == nil, err
}

// add makes a new row, which depends on what was appended to the given pack until now, or on none if that is 0. When
// another operation has just made the same row, b depends on that one instead.
func (s *Store) add(b *batch, key, value []byte, pack uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.unsaved[string(key)]
	if r == nil {
		r = &row{key: string(key), value: value, pack: pack}
		s.unsaved[r.key] = r
		s.unsavedBytes += r.bytes()
	}
	b.rows[r] = struct{}{}
	if key[0] == schema.ChunkRows()[0] {
		delete(s.unreadable, schema.Hash(key[1:]))
	}
}

// settleLocked takes a row out of unsaved, as saved or lost. Needs mu.
func (s *Store) settleLocked(r *row, state rowState) {
	if r.state == rowUnsaved {
		r.state = state
		delete(s.unsaved, r.key)
		s.unsavedBytes -= r.bytes()
	}
}

// settle is settleLocked for many rows.
func (s *Store) settle(rows []*row, state rowState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rows {
		s.settleLocked(r, state)
	}
}

// begin begins an operation.
func (s *Store) begin() *batch {
	b := newBatch()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[b] = struct{}{}
	return b
}

// finish ends the operation that b was for, whether it has made something, root, which is then pinned, or has failed. What
// it wrote is saved in either case: others may depend on it, and who tries again finds it there.
func (s *Store) finish(b *batch, root schema.Hash, made bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if made {
		s.pins[root]++
	}
	delete(s.running, b)
	b.held = held{}
	b.root = root
	if !root.IsZero() {
		delete(s.lost, root)
		s.open[root] = b
	}
	s.retireLocked(b)
}

// retireLocked keeps b among the finished batches while it has unsaved rows, and notes it when some were lost, unless what
// it has made was made again since. Needs mu.
func (s *Store) retireLocked(b *batch) {
	b.pruneLocked()
	last := s.open[b.root] == b
	if last && b.err != nil {
		s.lost[b.root] = b.err
	}
	if len(b.rows) > 0 {
		s.finished = append(s.finished, b)
	} else if last {
		delete(s.open, b.root)
	}
}

// inherit makes b depend on all that the content or part with the given root depends on, and keeps it from being collected
// until the operation ends. It returns ErrLost when that was lost, and ErrCorrupt when it is gone.
func (s *Store) inherit(ctx context.Context, b *batch, root schema.Hash) error {
	s.mu.Lock()
	b.held.bases = append(b.held.bases, root)
	err := s.lost[root]
	if from := s.open[root]; from != nil && err == nil {
		maps.Copy(b.rows, from.rows)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.protect(ctx, root)
}
