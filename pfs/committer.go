package pfs

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// maxGroup bounds how many requests one group takes in.
const maxGroup = 512

// committer is the one goroutine that changes the store. It takes whatever requests are waiting, applies them in order,
// writes what they need as one transaction, and only then answers them and lets readers see the result. It never waits
// in order to gather more.
type committer struct {
	store *Store
	queue chan *request
	quit  chan struct{}
	// cut is sent to when a cut that was started has ended.
	cut  chan struct{}
	done sync.WaitGroup

	// mu guards closed: requests are sent only while it is held for reading and closed is false.
	mu     sync.RWMutex
	closed bool
}

// request is a change that waits for the committer.
type request struct {
	ctx context.Context
	// run makes the change in the group. When it fails it has changed nothing there.
	run func(g *group) error
	// alone is set on requests that may not share a group, since others could not see what they do to it.
	alone bool
	err   error
	done  chan struct{}
}

func newCommitter(s *Store) *committer {
	c := &committer{store: s, queue: make(chan *request, maxGroup), quit: make(chan struct{}), cut: make(chan struct{}, 1)}
	c.done.Go(c.loop)
	return c
}

// do hands a change to the committer and waits until it has been made, and stored if it needs to be. Once it is queued it
// is not interrupted any more, so that the answer is always true.
func (c *committer) do(ctx context.Context, alone bool, run func(g *group) error) error {
	r := &request{ctx: ctx, run: run, alone: alone, done: make(chan struct{})}
	if err := c.send(ctx, r); err != nil {
		return err
	}
	<-r.done
	return r.err
}

func (c *committer) send(ctx context.Context, r *request) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return &Error{Op: "pfs.Commit", Kind: KindClosed}
	}
	select {
	case c.queue <- r:
		return nil
	case <-ctx.Done():
		return wrap("pfs.Commit", ctx.Err(), "", "")
	}
}

// close ends the loop after everything that is queued.
func (c *committer) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	close(c.quit)
	c.done.Wait()
}

func (c *committer) loop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	cutting := false
	for {
		select {
		case r := <-c.queue:
			c.process(c.gather(r))
		case <-timer.C:
			if !cutting {
				cutting = true
				c.done.Go(c.cutDue)
			}
		case <-c.cut:
			cutting = false
		case <-c.quit:
			for len(c.queue) > 0 {
				c.process(c.gather(<-c.queue))
			}
			return
		}
		if wait, any := c.store.nextCut(); any && !cutting {
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
	}
}

// gather returns first with all that is waiting behind it, up to the first that must be alone.
func (c *committer) gather(first *request) [][]*request {
	var groups [][]*request
	var shared []*request
	add := func(r *request) {
		if !r.alone {
			shared = append(shared, r)
			return
		}
		if len(shared) > 0 {
			groups = append(groups, shared)
			shared = nil
		}
		groups = append(groups, []*request{r})
	}
	add(first)
	for range min(len(c.queue), maxGroup-1) {
		add(<-c.queue)
	}
	if len(shared) > 0 {
		groups = append(groups, shared)
	}
	return groups
}

func (c *committer) process(groups [][]*request) {
	for _, requests := range groups {
		c.processGroup(requests)
	}
}

func (c *committer) processGroup(requests []*request) {
	for len(requests) > 0 {
		g := newGroup(c.store)
		n := 0
		for n < len(requests) && !g.full() {
			r := requests[n]
			n++
			if r.err = wrap("pfs.Commit", r.ctx.Err(), "", ""); r.err == nil {
				r.err = runSafely(g, r.run)
			}
		}
		err := g.commit(context.Background())
		for _, r := range requests[:n] {
			if r.err == nil {
				r.err = err
			}
			close(r.done)
		}
		requests = requests[n:]
	}
}

// runSafely turns a panic of a caller's function into an error, since the committer serves everybody.
func runSafely(g *group, run func(g *group) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Op: "pfs.Commit", Kind: KindInternal, Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	return run(g)
}

// cutDue commits the pending changes of the branches whose time has come. It syncs their contents before it asks for the
// commit, so that the committer need not wait for the disk as long.
func (c *committer) cutDue() {
	ctx := context.Background()
	err := c.store.contents.Settle(ctx)
	if err == nil {
		err = c.do(ctx, false, func(g *group) error {
			for _, b := range c.store.due() {
				g.workOn(b).must = true
			}
			return nil
		})
	}
	if err != nil && KindOf(err) != KindClosed {
		c.store.log.Error("commit of pending changes failed", "err", err)
		c.postpone()
	}
	c.cut <- struct{}{}
}

// postpone keeps a commit that failed from being tried again at once.
func (c *committer) postpone() {
	_ = c.do(context.Background(), false, func(*group) error { c.store.postponeCuts(); return nil })
}
