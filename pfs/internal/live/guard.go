package live

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Phase is what a collection is at.
type Phase int32

// The phases.
const (
	Idle Phase = iota
	Marking
	Sweeping
)

// ErrRunning is returned by Begin while a collection is under way.
var ErrRunning = errors.New("live: a collection is under way")

// Guard is what those who use rows and a collection of garbage agree by. Its zero value is ready, and its methods may be
// called concurrently.
type Guard struct {
	// phase is written with mu held; it is read without by those who only want to know that there is nothing to do.
	phase atomic.Int32

	// mu guards all below. No I/O is done under it and nothing else is locked.
	mu   sync.Mutex
	rows *Set
	// late are the roots that were taken hold of since the mark began, for the marker.
	late []func(context.Context) error
	// claimed are the rows that are being deleted, and free is closed when they are.
	claimed map[Print]struct{}
	free    chan struct{}
}

// Phase returns what the collection is at.
func (g *Guard) Phase() Phase { return Phase(g.phase.Load()) }

// Begin begins a collection: from now on every Touch is noted. A sweep that did not come to its end is dropped when what
// was found dead then is to be found again. It returns ErrRunning while a mark is under way.
func (g *Guard) Begin() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Phase() == Marking {
		return ErrRunning
	}
	g.rows, g.late = NewSet(), nil
	g.phase.Store(int32(Marking))
	return nil
}

// End ends the collection. After a sweep it may be called only when that has come to its end.
func (g *Guard) End() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rows, g.late = nil, nil
	g.phase.Store(int32(Idle))
}

// Touch says that the row with the given key is about to be looked up, or was written, and must stay if it is there. When
// the row is just being deleted it waits for that; the error is ctx's.
func (g *Guard) Touch(ctx context.Context, key []byte) error {
	if g.Phase() == Idle {
		return nil
	}
	return g.touch(ctx, PrintOf(key))
}

func (g *Guard) touch(ctx context.Context, p Print) error {
	for {
		g.mu.Lock()
		if g.rows == nil {
			g.mu.Unlock()
			return nil
		}
		if _, ok := g.claimed[p]; !ok {
			g.rows.Raise(p)
			g.mu.Unlock()
			return nil
		}
		free := g.free
		g.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Late hands a walk over something that was taken hold of to the marker. It returns false, and does not, when there is no
// marker: when nothing is collected, or when the sweep has begun.
func (g *Guard) Late(walk func(context.Context) error) bool {
	if g.Phase() != Marking {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Phase() != Marking {
		return false
	}
	g.late = append(g.late, walk)
	return true
}

// TakeLate returns the walks that were handed over since the last call.
func (g *Guard) TakeLate() []func(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	late := g.late
	g.late = nil
	return late
}

// Sweep begins the sweep, unless there are walks left for the marker. It returns whether it did.
func (g *Guard) Sweep() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Phase() != Marking || len(g.late) > 0 {
		return false
	}
	g.phase.Store(int32(Sweeping))
	return true
}

// Mark notes a row. It returns whether it was not noted before.
func (g *Guard) Mark(p Print, c Class) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rows != nil && g.rows.Add(p, c)
}

// Get returns what was noted of a row.
func (g *Guard) Get(p Print) (Class, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rows == nil {
		return 0, false
	}
	return g.rows.Get(p)
}

// Len is how many rows were noted.
func (g *Guard) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rows == nil {
		return 0
	}
	return g.rows.Len()
}

// Claim returns those of keys whose rows may be deleted, and makes whoever touches one of them wait until release is called,
// once, when they are deleted or are not to be. There is one claim at a time.
func (g *Guard) Claim(keys [][]byte) (dead [][]byte, release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Phase() != Sweeping {
		return nil, func() {}
	}
	g.claimed, g.free = map[Print]struct{}{}, make(chan struct{})
	for _, key := range keys {
		p := PrintOf(key)
		if c, ok := g.rows.Get(p); ok && c <= Waiting {
			continue
		}
		g.claimed[p] = struct{}{}
		dead = append(dead, key)
	}
	return dead, g.release
}

func (g *Guard) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.claimed = nil
	close(g.free)
}
