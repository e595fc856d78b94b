package pack

import (
	"errors"
	"fmt"
	"io/fs"
)

// Seal ends appending to the packs that are open and that no Writer has: the next Append begins a new one. Sealed packs can
// be removed.
func (s *Store) Seal() {
	s.mu.Lock()
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	for _, p := range idle {
		if h := p.seal(); h != nil {
			s.handles.release(h)
		}
	}
}

// ErrInUse is returned by Remove for a pack that is still appended to.
var ErrInUse = errors.New("pack: still appended to")

// Remove takes a pack away: nothing in it can be found from now on. Reads and Sections that are under way finish; the file
// is deleted when the last has. Its bytes are gone for good, so the caller has made sure that no index names them, and that
// this is on disk. That the file is gone need not be on disk when Remove returns: a power cut may bring it back. Errors are
// ErrNotFound, ErrInUse, ErrClosed and those of the file system.
func (s *Store) Remove(id uint64) error {
	p, err := s.pack(id)
	if err != nil {
		return err
	}
	pin, ok := p.retire()
	if !ok {
		return fmt.Errorf("%w: %s", ErrInUse, fileName(id))
	}
	s.mu.Lock()
	delete(s.packs, id)
	s.mu.Unlock()
	if pin != nil {
		s.handles.release(pin)
	}
	return s.handles.remove(id)
}

// retire makes sure that nobody appends to p or syncs it, and returns its pin for release.
func (p *pack) retire() (pin *handle, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.sealed && p.err == nil || p.syncing != nil {
		return nil, false
	}
	pin, p.pin = p.pin, nil
	return pin, true
}

// remove deletes the file of a pack when nobody refers to it any more, which may be now.
func (c *handles) remove(id uint64) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	h := c.open[id]
	if h != nil && h.refs > 0 {
		h.doomed = true
		delete(c.open, id)
		c.mu.Unlock()
		return nil
	}
	if h != nil {
		c.idle.Remove(h.idle)
		delete(c.open, id)
	}
	c.mu.Unlock()
	if h != nil {
		_ = h.file.Close()
	}
	return c.unlink(id)
}

// unlink deletes the file of a pack; that it is gone already is no error.
func (c *handles) unlink(id uint64) error {
	if err := c.fs.Remove(fileName(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pack %s: remove: %w", fileName(id), err)
	}
	return nil
}

// opened makes the error of opening a file that has just been removed an ErrNotFound.
func opened(id uint64, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s: %w", ErrNotFound, fileName(id), err)
	}
	return err
}
