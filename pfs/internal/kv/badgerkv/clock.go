package badgerkv

import "sync"

// clock gives out timestamps: each write its own, each View the last one up to which everything is on disk.
type clock struct {
	// discard is called, with mu held, with each timestamp below which no View looks.
	discard func(ts uint64)

	// mu guards all below. Nothing of this package is locked under it.
	mu      sync.Mutex
	last    uint64   // given to a write
	visible uint64   // all writes up to here are on disk
	flying  []*write // given out and not visible yet, in order
	views   []viewers
	dropped uint64 // last argument of discard
	// err is set once a write failed: nothing becomes visible from then on.
	err error
}

// write is one write that has its timestamp.
type write struct {
	ts    uint64
	ended bool
	// failed is set when fail has ended the write before Badger did.
	failed bool
	err    error
	// ready is closed when the write is visible or has failed; err does not change from then on.
	ready chan struct{}
}

// viewers are the Views that read at one timestamp.
type viewers struct {
	ts    uint64
	count int
}

func newClock(last uint64, discard func(uint64)) *clock {
	return &clock{discard: discard, last: last, visible: last}
}

// broken returns the error because of which no write can succeed any more, or nil.
func (c *clock) broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// next gives out the timestamp of a write, which must end with finish.
func (c *clock) next() *write {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	w := &write{ts: c.last, ready: make(chan struct{})}
	c.flying = append(c.flying, w)
	return w
}

// seen returns the last visible timestamp.
func (c *clock) seen() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.visible
}

// finish notes that w is on disk, or has failed. It makes visible what now has nothing unfinished before it.
func (c *clock) finish(w *write, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.failed {
		return
	}
	w.ended, w.err = true, err
	for len(c.flying) > 0 && c.flying[0].ended {
		first := c.flying[0]
		c.flying = c.flying[1:]
		if c.err == nil {
			c.err = first.err
		}
		if c.err == nil {
			c.visible = first.ts
		}
		first.err = c.err
		close(first.ready)
	}
	c.discardLocked()
}

// fail ends all writes that are under way, and all to come, with err.
func (c *clock) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	for _, w := range c.flying {
		w.failed, w.err = true, c.err
		close(w.ready)
	}
	c.flying = nil
}

// enter returns the timestamp at which a View reads. leave must follow.
func (c *clock) enter() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.views); n > 0 && c.views[n-1].ts == c.visible {
		c.views[n-1].count++
	} else {
		c.views = append(c.views, viewers{c.visible, 1})
	}
	return c.visible
}

// leave ends a View that read at ts.
func (c *clock) leave(ts uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.views {
		if c.views[i].ts == ts {
			c.views[i].count--
			break
		}
	}
	for len(c.views) > 0 && c.views[0].count == 0 {
		c.views = c.views[1:]
	}
	c.discardLocked()
}

// discardLocked lets go of the versions that only Views before the oldest could see.
func (c *clock) discardLocked() {
	ts := c.visible
	if len(c.views) > 0 {
		ts = c.views[0].ts
	}
	if ts > c.dropped {
		c.dropped = ts
		c.discard(ts)
	}
}

// drops reports whether nobody looks at what was replaced or deleted by a timestamp.
func (c *clock) drops(ts uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped >= ts
}
