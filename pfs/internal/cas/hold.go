package cas

import (
	"context"
	"errors"
	"sync"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/schema"
)

// maxHeldChunks is how many of the chunks that an operation has seen last are held one by one: those of two windows, the
// one that is being filled and the one before, which has no record yet when it is the first, and some more. The others are
// held by way of their windows' records.
const maxHeldChunks = 1024

// held is what an operation relies on while it runs: rows that it has found or made and that nothing leads to yet.
type held struct {
	// chunks are the last that it has seen, the oldest at next once there are maxHeldChunks.
	chunks []schema.Hash
	next   int
	// records are all windows and nodes that it has seen, and bases the roots of the contents and parts that it works on.
	records, bases []schema.Hash
}

// add notes the row with the given key.
func (h *held) add(key []byte) {
	hash := schema.Hash(key[1:])
	switch {
	case key[0] != schema.ChunkRows()[0]:
		h.records = append(h.records, hash)
	case len(h.chunks) < maxHeldChunks:
		h.chunks = append(h.chunks, hash)
	default:
		h.chunks[h.next] = hash
		h.next = (h.next + 1) % maxHeldChunks
	}
}

// Hold keeps the content or part with the given root, and all that it refers to, from being collected as garbage until
// release is called. Whoever has not made it asks Protect next whether it is there. release may be called more than once.
func (s *Store) Hold(root schema.Hash) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds[root]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.holds[root]--; s.holds[root] == 0 {
			delete(s.holds, root)
		}
	})
}

// Protect makes sure that a collection of garbage that is under way learns of a Hold on the given root. It returns
// ErrCorrupt when what was to be held is not there.
func (s *Store) Protect(ctx context.Context, root schema.Hash) error {
	if s.guard.Phase() == live.Idle {
		return nil
	}
	return s.protect(ctx, root)
}

// protect is Protect that looks for the root's row in any case.
func (s *Store) protect(ctx context.Context, root schema.Hash) error {
	if root.IsZero() {
		return nil
	}
	s.mu.Lock()
	pinned := s.pins[root] > 0
	s.mu.Unlock()
	if pinned {
		return nil // since before the collection began, which then knows, or by an operation that has told of all of it
	}
	m := marker{s: s, ctx: ctx, keep: true}
	if s.guard.Late(func(ctx context.Context) error { return s.MarkRoot(ctx, root, live.InUse) }) {
		return m.there(root)
	}
	if s.guard.Phase() == live.Idle {
		return m.there(root)
	}
	return m.root(root)
}

// there returns ErrCorrupt unless there is a row with the given hash, of a chunk or a record.
func (m *marker) there(root schema.Hash) error {
	for _, key := range [][]byte{schema.WindowKey(root), schema.ChunkKey(root)} {
		err := m.s.view(m.ctx, key, func([]byte) error { return nil })
		if !errors.Is(err, kv.ErrNotFound) {
			return err
		}
	}
	return corrupt("content", root, "it is gone")
}
