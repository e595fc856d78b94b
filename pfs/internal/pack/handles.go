package pack

import (
	"container/list"
	"errors"
	"sync"
)

// handles keeps files open: those in use, and up to max more, which are closed in the order in which they were last used.
type handles struct {
	fs  FS
	max int

	// mu guards all below, and the refs and idle of each handle. Nothing is opened, closed or locked under it.
	mu     sync.Mutex
	open   map[uint64]*handle
	idle   list.List // of *handle without references, least recently used first
	closed bool
}

// handle is an open file that is closed only when nobody refers to it.
type handle struct {
	id   uint64
	file File
	refs int
	idle *list.Element // in handles.idle; nil while refs > 0
	// doomed is set when the pack was removed: the file is deleted with the last reference.
	doomed bool
}

// acquire returns the open file of a pack, opening it if need be. The caller must release it.
func (c *handles) acquire(id uint64) (*handle, error) {
	h, err := c.existing(id)
	if h != nil || err != nil {
		return h, err
	}
	file, err := c.fs.Open(fileName(id))
	if err != nil {
		return nil, opened(id, shortage(err))
	}
	if err := checkVersion(file, id); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	h, spare, err := c.insert(id, file)
	for _, f := range spare {
		err = errors.Join(err, f.Close())
	}
	return h, err
}

// existing returns the handle of a pack with one more reference; nil when there is none.
func (c *handles) existing(id uint64) (*handle, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	h := c.open[id]
	if h != nil {
		c.refLocked(h)
	}
	return h, nil
}

// insert takes over a file that was just opened. It returns the pack's handle with one more reference, and the files to be
// closed now: the given one, when another goroutine was faster or the cache is closed, and those for which there is no room.
func (c *handles) insert(id uint64, file File) (h *handle, spare []File, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, []File{file}, ErrClosed
	}
	if h := c.open[id]; h != nil {
		c.refLocked(h)
		return h, []File{file}, nil
	}
	h = &handle{id: id, file: file, refs: 1}
	c.open[id] = h
	return h, c.evictLocked(), nil
}

func (c *handles) refLocked(h *handle) {
	h.refs++
	if h.idle != nil {
		c.idle.Remove(h.idle)
		h.idle = nil
	}
}

// evictLocked forgets the idle handles over the bound and returns their files, which the caller closes.
func (c *handles) evictLocked() []File {
	var files []File
	for c.idle.Len() > 0 && (c.closed || c.idle.Len() > c.max) {
		h := c.idle.Remove(c.idle.Front()).(*handle)
		delete(c.open, h.id)
		files = append(files, h.file)
	}
	return files
}

// release gives up one reference. The error of a close is of no consequence: what matters was synced before.
func (c *handles) release(h *handle) {
	c.mu.Lock()
	h.refs--
	gone := h.refs == 0 && h.doomed
	if h.refs == 0 && !gone {
		h.idle = c.idle.PushBack(h)
	}
	files := c.evictLocked()
	c.mu.Unlock()
	for _, f := range files {
		_ = f.Close()
	}
	if gone {
		_ = h.file.Close()
		_ = c.unlink(h.id) // else it is garbage, which the next collection finds
	}
}

// close closes all that is idle now; the rest is closed when it is released.
func (c *handles) close() error {
	c.mu.Lock()
	c.closed = true
	files := c.evictLocked()
	c.mu.Unlock()
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
