// Package memkv is a kv.Store in memory, for tests. It keeps every promise of the contract but that of durability, which
// it plays: Crash returns the store as it would be found after a power cut, and chosen writes can be made to fail.
package memkv

import (
	"bytes"
	"context"
	"sync"

	"github.com/tidwall/btree"

	"pfsd/pfs/internal/kv"
)

// tree is an ordered set of rows that is never changed once it is published; the next one shares what it can with it.
type tree = btree.BTreeG[kv.Row]

// Store is an ordered store in memory. All methods may be called concurrently.
type Store struct {
	// mu guards all below. Nothing else is locked while it is held; hooks are called without it.
	mu     sync.Mutex
	rows   *tree
	faults faults
	watch  func(crashed *Store)
	closed bool
	// running counts the operations under way; idle is signalled when it falls to zero.
	running int
	idle    *sync.Cond
	// writing is held by the one write that is under way. It is taken before mu.
	writing sync.Mutex
}

var _ kv.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	less := func(a, b kv.Row) bool { return bytes.Compare(a.Key, b.Key) < 0 }
	return from(btree.NewBTreeGOptions(less, btree.Options{NoLocks: true}))
}

func from(rows *tree) *Store {
	s := &Store{rows: rows}
	s.idle = sync.NewCond(&s.mu)
	return s
}

// begin admits an operation and returns the rows that it sees; end must follow unless it fails.
func (s *Store) begin(ctx context.Context) (*tree, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, kv.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.running++
	return s.rows, nil
}

func (s *Store) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running--; s.running == 0 {
		s.idle.Broadcast()
	}
}

// View implements kv.Store.
func (s *Store) View(ctx context.Context, fn func(kv.Reader) error) error {
	rows, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer s.end()
	return fn(reader{rows})
}

// Commit implements kv.Store.
func (s *Store) Commit(ctx context.Context, b kv.Batch) error {
	if err := b.Check(); err != nil {
		return err
	}
	if _, err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.fault(); err != nil {
		return err
	}
	s.publish(b)
	return nil
}

// Put implements kv.Store. It writes in two steps, so that a function given to Watch sees half of it.
func (s *Store) Put(ctx context.Context, rows []kv.Row) error {
	for _, r := range rows {
		if err := r.Check(); err != nil {
			return err
		}
	}
	if _, err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	s.writing.Lock()
	defer s.writing.Unlock()
	half := len(rows) / 2
	s.publish(kv.Batch{Puts: rows[:half]})
	if err := s.fault(); err != nil {
		return err
	}
	s.publish(kv.Batch{Puts: rows[half:]})
	return nil
}

// publish makes the changes of b visible as one, and shows the result to Watch's function. writing must be held.
func (s *Store) publish(b kv.Batch) {
	if len(b.Puts)+len(b.Deletes) == 0 {
		return
	}
	s.mu.Lock()
	next := s.rows.Copy()
	s.mu.Unlock()
	for _, r := range b.Puts {
		next.Set(kv.Row{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
	}
	for _, key := range b.Deletes {
		next.Delete(kv.Row{Key: key})
	}
	s.mu.Lock()
	s.rows = next
	watch := s.watch
	s.mu.Unlock()
	if watch != nil {
		watch(s.Crash())
	}
}

// Close implements kv.Store. The rows stay for Crash.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return kv.ErrClosed
	}
	s.closed = true
	for s.running > 0 {
		s.idle.Wait()
	}
	return nil
}

// Crash returns the store as it is found after a power cut at this moment: all that returned is there, of a Put that is
// under way perhaps a part. It can be called at any time, also after Close, which makes it a reopening. Faults and the
// function given to Watch stay behind.
func (s *Store) Crash() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return from(s.rows.Copy())
}

// Watch has fn called after each step that a write makes durable, with the store as a power cut would leave it then. The
// write returns after fn has. nil ends it.
func (s *Store) Watch(fn func(crashed *Store)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = fn
}
