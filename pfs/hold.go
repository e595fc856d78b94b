package pfs

import (
	"context"
	"runtime"
	"sync"
	"time"

	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// holds are the versions that somebody in this process may still read. Nobody says when he is done with a version: it is
// held for as long as the value that stands for it can be reached, which the runtime knows.
type holds struct {
	guard *live.Guard

	// mu guards what follows. Nothing else is locked while it is held.
	mu sync.Mutex
	// all have the runtime's promise to tell when they are done with. It is taken back when the store is closed: what the
	// runtime keeps for it leads to the store, whose branches lead to their keepers, so that nothing would ever be freed.
	all    map[*hold]runtime.Cleanup
	closed bool
}

// hold is a version that is held: the trees of its files and of its links.
type hold struct {
	root, linked *tree.Dir
}

// keeper is what all copies of a view have in common: as long as one is there, the view is held.
type keeper struct{ holds *holds }

// keep returns v so that it is held as long as a copy of it is used.
func (h *holds) keep(v view, mark func(context.Context, *hold) error) view {
	held := &hold{root: v.root.Sub, linked: v.linked}
	v.keeper = &keeper{h}
	if !h.add(held, v.keeper) {
		return v
	}
	// In this order: a mark that begins in between finds it among all.
	h.guard.Late(func(ctx context.Context) error { return mark(ctx, held) })
	return v
}

// add has a version held until its keeper cannot be reached; it reports false when the store is closed.
func (h *holds) add(held *hold, k *keeper) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.all[held] = runtime.AddCleanup(k, h.release, held)
	}
	return !h.closed
}

// close lets go of all that is held.
func (h *holds) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, cleanup := range h.all {
		cleanup.Stop()
	}
	clear(h.all)
}

func (h *holds) release(held *hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, held)
}

// noticeWait is how long it is waited at most for the runtime to have told of all that cannot be reached any more. What it
// has not told of is held for longer than it need be.
const noticeWait = 2 * time.Second

// notice returns when what cannot be reached any more has been let go of.
func (h *holds) notice(ctx context.Context) {
	for range 2 { // since what goes in the first round may have been what kept others
		told := make(chan struct{})
		runtime.AddCleanup(&keeper{h}, func(told chan struct{}) { close(told) }, told)
		runtime.GC()
		wait, stop := context.WithTimeout(ctx, noticeWait)
		select {
		case <-told:
		case <-wait.Done():
		}
		stop()
	}
}

// list returns all that is held.
func (h *holds) list() []*hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*hold, 0, len(h.all))
	for held := range h.all {
		all = append(all, held)
	}
	return all
}

// keep returns v so that what it shows is not collected as garbage as long as a copy of it is used.
func (s *Store) keep(v view) view { return s.holds.keep(v, s.markHold) }

// markHold notes all that a version has that is held.
func (s *Store) markHold(ctx context.Context, h *hold) error {
	m := &treeMarker{store: s, ctx: ctx, class: live.InUse}
	for _, d := range []*tree.Dir{h.root, h.linked} {
		if d == nil {
			continue
		}
		if err := d.Mark(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// holdContent keeps a content from being collected as long as f can be reached.
func (s *Store) holdContent(f *File, root schema.Hash) {
	if root.IsZero() {
		return
	}
	release := s.contents.Hold(root)
	// What is gone already shows when it is read.
	_ = s.contents.Protect(context.Background(), root)
	runtime.AddCleanup(f, func(release func()) { release() }, release)
}
