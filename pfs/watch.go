package pfs

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxEvents bounds how many events wait for a watcher; what it misses beyond that it learns of as one lost event.
const maxEvents = 1024

// Watcher is the queue of a branch's changes for one who shows them. Its methods may be called concurrently.
type Watcher struct {
	set *watchers

	// mu guards what follows; nothing else is locked while it is held.
	mu sync.Mutex
	// key changes with watchers.mu held, too.
	key    branchKey
	ref    Ref
	events []*Event
	closed bool
	wake   chan struct{}
}

// branchKey names a branch that need not exist.
type branchKey struct{ repo, name string }

// announcement is an event with who caused it and who waits until all watchers have acted on it.
type announcement struct {
	by    By
	event Event
	// unawaited is set when nobody will wait.
	unawaited bool
	waiting   atomic.Int64
	settled   chan struct{}
}

// watchers are the watchers of a store.
type watchers struct {
	// mu guards both; Watcher.mu may be taken while it is held.
	mu     sync.Mutex
	of     map[branchKey][]*Watcher
	closed bool
}

// Watch returns a watcher of a branch, which need not exist yet. It sees every change that becomes visible after Watch has
// returned, deletion included. It must be closed. The error is of KindInvalid when ref is not a branch, or KindClosed.
func (s *Store) Watch(ref Ref) (*Watcher, error) {
	const op = "pfs.Watch"
	key := branchKey{ref.Repo, ref.Name}
	if workspace := s.workspaceOf(ref); workspace != nil {
		key.name = workspace.name
	} else if !ref.IsBranch() {
		return nil, &Error{Op: op, Kind: KindInvalid, Ref: ref.String()}
	}
	w := &Watcher{set: &s.watchers, key: key, ref: ref, wake: make(chan struct{}, 1)}
	s.watchers.mu.Lock()
	defer s.watchers.mu.Unlock()
	if s.watchers.closed {
		return nil, &Error{Op: op, Kind: KindClosed, Ref: ref.String()}
	}
	s.watchers.of[w.key] = append(s.watchers.of[w.key], w)
	return w, nil
}

// Next returns the next event, once there is one. The error is io.EOF after Close of the watcher or the store, and the
// context's when that is done. The event's Done must be called.
func (w *Watcher) Next(ctx context.Context) (*Event, error) {
	for {
		event, closed := w.take()
		switch {
		case event != nil:
			return event, nil
		case closed:
			return nil, io.EOF
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (w *Watcher) take() (event *Event, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.events) == 0 {
		return nil, w.closed
	}
	event = w.events[0]
	w.events = w.events[1:]
	if len(w.events) > 0 || w.closed {
		w.signal()
	}
	return event, false
}

func (w *Watcher) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Close ends the watcher: events that it has not taken are dropped, and nobody waits for it any more.
func (w *Watcher) Close() {
	w.set.mu.Lock()
	others := slices.DeleteFunc(w.set.of[w.key], func(o *Watcher) bool { return o == w })
	if len(others) == 0 {
		delete(w.set.of, w.key)
	} else {
		w.set.of[w.key] = others
	}
	w.set.mu.Unlock()
	w.end()
}

// end makes Next return io.EOF and lets go of those who wait for events.
func (w *Watcher) end() {
	w.mu.Lock()
	events := w.events
	w.events, w.closed = nil, true
	w.signal()
	w.mu.Unlock()
	for _, event := range events {
		event.Done()
	}
}

// add queues an event.
func (w *Watcher) add(event *Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		event.Done()
		return
	}
	if n := len(w.events); n >= maxEvents {
		event = merged(w.events[n-1], event)
		w.events = w.events[:n-1]
	}
	w.events = append(w.events, event)
	w.signal()
}

// merged returns one event that says that two were lost. It holds on to neither: a watcher that hangs must not fill the
// memory.
func merged(a, b *Event) *Event {
	first, second := a.settled, b.settled
	lost := &Event{Origin: b.Origin, Lost: true, settled: first}
	switch {
	case first == nil:
		lost.settled = second
	case second != nil:
		lost.settled = func() { first(); second() }
	}
	return lost
}

// announce queues an announcement's event for every watcher of a branch but the one who caused it. The announcement is
// settled when all of them have acted on it.
func (set *watchers) announce(repo, name string, a *announcement) {
	set.mu.Lock()
	defer set.mu.Unlock()
	a.settled = make(chan struct{})
	a.waiting.Store(1)
	for _, w := range set.of[branchKey{repo, name}] {
		if w == a.by.Watcher {
			continue
		}
		event := a.event
		if !a.unawaited {
			a.waiting.Add(1)
			event.settled = sync.OnceFunc(a.acted)
		}
		w.add(&event)
	}
	a.acted()
}

func (a *announcement) acted() {
	if a.waiting.Add(-1) == 0 {
		close(a.settled)
	}
}

// close ends all watchers.
func (set *watchers) close() {
	set.mu.Lock()
	all := set.of
	set.of, set.closed = nil, true
	set.mu.Unlock()
	for _, some := range all {
		for _, w := range some {
			w.end()
		}
	}
}

// settle waits until the watchers of a change have acted on it, though not for ever: a mount that hangs must not stop
// others from writing.
func (s *Store) settle(ctx context.Context, a *announcement) {
	if a == nil {
		return
	}
	timer := time.NewTimer(s.opts.SettleTimeout)
	defer timer.Stop()
	select {
	case <-a.settled:
	case <-ctx.Done():
	case <-timer.C:
		s.log.Warn("a watcher is stalled", "origin", a.event.Origin.String())
	}
}
