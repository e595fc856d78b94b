package pfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	// last is what went wrong with the cut at the end; for those who have waited for done.
	last error

	// mu guards closed: requests are sent only while it is held for reading and closed is false.
	mu     sync.RWMutex
	closed bool
}

// request is a change that waits for the committer.
type request struct {
	ctx context.Context
	// run makes the change in the group. When it fails it has changed nothing there, unless it is alone.
	run func(g *group) error
	// alone is set on requests that may not share a group, since others could not see what they do to it. The group of one
	// that fails is given up, whatever it has made of it.
	alone bool
	err   error
	done  chan struct{}
}

func newCommitter(s *Store) *committer {
	c := &committer{store: s, queue: make(chan *request, maxGroup), quit: make(chan struct{}), cut: make(chan struct{}, 1)}
	c.done.Go(c.loop)
	return c
}

// do hands a change to the committer and waits until it has been made, and stored if it needs to be. Once it is queued it is
// waited for in any case, so that the answer is always true: a run that looks at ctx may end early, as one that fails.
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

// close ends the loop after everything that is queued, and commits what is pending then. It returns the errors of that, or
// one of KindClosed when it is called again.
func (c *committer) close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return &Error{Op: "pfs.Close", Kind: KindClosed}
	}
	c.closed = true
	c.mu.Unlock()
	close(c.quit)
	c.done.Wait()
	return c.last
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
			if due := c.store.due(); !cutting && len(due) > 0 {
				cutting = true
				c.done.Go(func() { c.cutDue(due) })
			}
		case <-c.cut:
			cutting = false
		case <-c.quit:
			for len(c.queue) > 0 {
				c.process(c.gather(<-c.queue))
			}
			c.last = c.cutLast()
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

// processGroup makes the changes of requests, as many at a time as one transaction takes. When they cannot be stored
// together each is tried by itself: what one asks for must not fail the others, nor may any be answered by what it saw of a
// change that did not come to be.
func (c *committer) processGroup(requests []*request) {
	for len(requests) > 0 {
		n, err := c.try(requests)
		if err != nil && n > 1 {
			for i := range requests[:n] {
				c.try(requests[i : i+1])
			}
		}
		for _, r := range requests[:n] {
			close(r.done)
		}
		requests = requests[n:]
	}
}

// try makes one group of the first requests, and returns how many those are and whether the group could be stored. When there
// is but one and it has failed there is nothing to store.
func (c *committer) try(requests []*request) (n int, err error) {
	g := newGroup(c.store)
	for n < len(requests) && !g.full() {
		r := requests[n]
		n++
		if r.err = wrap("pfs.Commit", r.ctx.Err(), "", ""); r.err == nil {
			r.err = runSafely(g, r.run)
		}
	}
	if n == 1 && requests[0].err != nil {
		return n, nil
	}
	err = g.commit(context.Background())
	for _, r := range requests[:n] {
		r.err = cmp.Or(r.err, err)
	}
	return n, err
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
// commits, so that the committer need not wait for the disk as long; what goes wrong then shows again in the commits.
func (c *committer) cutDue(due []*branch) {
	ctx := context.Background()
	errs := []error{c.store.contents.Settle(ctx)}
	requests := c.cuts(due, false)
	for _, r := range requests {
		if err := c.send(ctx, r); err != nil {
			r.err = err // It is the committer's to set once it has been sent.
			close(r.done)
		}
	}
	for _, r := range requests {
		<-r.done
		if r.err != nil && KindOf(r.err) != KindClosed {
			errs = append(errs, r.err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		c.store.log.Error("commit of pending changes failed", "err", err)
		c.postpone()
	}
	c.cut <- struct{}{}
}

// cutLast commits all that is pending, for the loop at its end.
func (c *committer) cutLast() error {
	requests := c.cuts(slices.Collect(maps.Keys(c.store.pending)), true)
	c.processGroup(requests)
	var errs []error
	for _, r := range requests {
		errs = append(errs, r.err)
	}
	return errors.Join(errs...)
}

// cuts returns requests to commit what is pending on branches, or, unless last is set, to save it where that is enough for
// now: one for each, since one that fails must not hold up another.
func (c *committer) cuts(branches []*branch, last bool) []*request {
	requests := make([]*request, len(branches))
	for i, b := range branches {
		requests[i] = &request{ctx: context.Background(), done: make(chan struct{}), run: func(g *group) error {
			if _, ok := c.store.pending[b]; !ok {
				return nil
			}
			if w := g.workOn(b); last || !c.store.mayWait(b) {
				w.must = true
			} else {
				w.save = true
			}
			return nil
		}}
	}
	return requests
}

// postpone keeps a commit that failed from being tried again at once.
func (c *committer) postpone() {
	_ = c.do(context.Background(), false, func(*group) error { c.store.postponeCuts(); return nil })
}
