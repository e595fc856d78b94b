package cas

import (
	"sync"

	"pfsd/pfs/internal/schema"
)

// Pin keeps what an operation has returned, and all that it refers to, from being collected as garbage: from the moment
// that its first byte is stored until Release. Whoever has it calls Release once the content is linked, or is not to be.
// Its methods may be called concurrently.
type Pin struct {
	s       *Store
	b       *batch
	release func()
}

// pin ends the operation that b was for and returns the Pin of what it has made.
func (s *Store) pin(b *batch, root schema.Hash) *Pin {
	s.finish(b, root, true)
	return &Pin{s: s, b: b, release: sync.OnceFunc(func() { s.unpin(root) })}
}

func (s *Store) unpin(root schema.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pins[root]--; s.pins[root] == 0 {
		delete(s.pins, root)
	}
}

// Release ends the Pin. A second call does nothing, nor does one on a nil Pin.
func (p *Pin) Release() {
	if p != nil {
		p.release()
	}
}

// Err returns ErrLost when the disk failed to take what was pinned; see Store.Pending. It is nil for a nil Pin.
func (p *Pin) Err() error {
	if p == nil {
		return nil
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.b.pruneLocked()
	return p.b.err
}

// Pinned reports whether a Pin is held on what has the given root.
func (s *Store) Pinned(root schema.Hash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pins[root] > 0
}
