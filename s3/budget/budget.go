// Package budget shares a bounded amount of memory among requests, so that clients that keep theirs waiting cannot hold it
// against others.
//
// A request acquires a Grant of the bytes that it may hold at a time, before it reads or makes them. When there are not enough
// it waits. While somebody waits, a holder whose client is slow is cut off: one that has kept its request waiting for Stall
// without moving a byte, or that has moved, in Round of waiting for it, fewer than Pace bytes a second. Only the time in which the
// request waits for its client counts, not what the server takes.
//
// Memory that a holder gives back by itself goes to who has waited longest. That of one who was cut off goes to who came last:
// when many are slow, most of those who wait are slow, too, and the newest is the most likely not to be.
package budget

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// The pace that clients have to keep while others wait for their memory.
const (
	// Stall is how long a client may move nothing.
	Stall = 3 * time.Second
	// Round is how long a client is watched before its pace is judged, and Pace is what it must be, in bytes a second.
	Round, Pace = 4 * time.Second, 64 << 10
	// IdleWait is how long a request waits for memory while nobody is granted any, MaxWait while the line moves, and PatientWait
	// one whose client does not notice.
	IdleWait, MaxWait, PatientWait = time.Minute, 5 * time.Minute, time.Hour
	// sweepEvery is how often holders are looked at while somebody waits.
	sweepEvery = 100 * time.Millisecond
)

// ErrCut is what a request ends with whose client was too slow while others waited, and ErrBusy that of one that has waited too
// long itself.
var (
	ErrCut  = errors.New("budget: the client was slow while others waited for memory")
	ErrBusy = errors.New("budget: no memory became free for the request")
)

// Budget is an amount of memory that is shared. Its methods may be called concurrently.
type Budget struct {
	limit int64
	now   func() time.Time

	// mu guards all below, and the fields of Grants. The cut functions of holders are called under it.
	mu      sync.Mutex
	used    int64    // all that is granted
	extra   int64    // that part of it by which Grants have grown
	queue   []*Grant // who waits, oldest first
	holders map[*Grant]struct{}
	// sweeping is set while a sweep is planned.
	sweeping bool
	// moved is when the last who waited was let in.
	moved time.Time
	// fromCut is how much of what is free was taken from holders that were cut off.
	fromCut int64
}

// New returns a Budget of limit bytes, whose clock is now.
func New(limit int64, now func() time.Time) *Budget {
	return &Budget{limit: limit, now: now, holders: map[*Grant]struct{}{}}
}

// Used returns how many bytes are granted, and how many requests wait for some.
func (b *Budget) Used() (bytes int64, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used, len(b.queue)
}

// Acquire waits until size bytes are free, or all when that is less, and grants them. A patient request is one whose client takes
// the wait for that of a slow connection. To cut a holder off, cut is called, perhaps
// more than once, but not after Release: it must make what waits for the client return soon, and not block. Errors: ErrBusy and
// ctx's.
func (b *Budget) Acquire(ctx context.Context, size int64, patient bool, cut func()) (*Grant, error) {
	g := &Grant{b: b, size: min(size, b.limit), patient: patient, cut: cut, ready: make(chan struct{})}
	b.mu.Lock()
	g.begun = b.now()
	b.queue = append(b.queue, g)
	b.admitLocked()
	b.planLocked()
	b.mu.Unlock()
	select {
	case <-g.ready:
	case <-ctx.Done():
		b.leave(g)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case g.state == holding:
		return g, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, ErrBusy
}

// leave takes g, which waits no more, out of the queue. It may have been let in meanwhile.
func (b *Budget) leave(g *Grant) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, other := range b.queue {
		if other == g {
			b.queue = append(b.queue[:i], b.queue[i+1:]...)
			return
		}
	}
}

// admitLocked lets in whom there is memory for: who came last, into that of holders that were cut off, and else who came first.
func (b *Budget) admitLocked() {
	for len(b.queue) > 0 {
		i := 0
		if b.fromCut > 0 {
			i = len(b.queue) - 1
		}
		g := b.queue[i]
		if b.used+g.size > b.limit {
			return
		}
		b.queue = append(b.queue[:i], b.queue[i+1:]...)
		b.used += g.size
		b.fromCut = max(0, b.fromCut-g.size)
		b.holders[g] = struct{}{}
		g.state, g.begun = holding, time.Time{}
		b.moved = b.now()
		close(g.ready)
	}
	b.fromCut = 0
}

// planLocked has holders looked at soon, if there is a reason to.
func (b *Budget) planLocked() {
	if len(b.queue) > 0 && !b.sweeping {
		b.sweeping = true
		time.AfterFunc(sweepEvery, b.sweep)
	}
}

// sweep cuts off as many slow holders as those who wait need, sends away who has waited too long, and plans the next sweep.
func (b *Budget) sweep() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweeping = false
	now := b.now()
	b.queue = slices.DeleteFunc(b.queue, func(g *Grant) bool {
		over := b.isOver(g, now)
		if over {
			close(g.ready)
		}
		return over
	})
	b.cutLocked(now)
	b.admitLocked()
	b.planLocked()
}

// isOver reports whether g has waited for as long as it may.
func (b *Budget) isOver(g *Grant, now time.Time) bool {
	waited := now.Sub(g.begun)
	if g.patient {
		return waited >= PatientWait
	}
	return waited >= MaxWait || min(waited, now.Sub(b.moved)) >= IdleWait
}

// cutLocked cuts off slow holders, until what they hold is enough for those who wait.
func (b *Budget) cutLocked(now time.Time) {
	need := b.used - b.limit
	for _, g := range b.queue {
		need += g.size
	}
	for g := range b.holders {
		if g.state == leaving {
			// It may have begun to wait anew just before it could learn of it.
			g.cut()
			need -= g.size
		}
	}
	for g := range b.holders {
		if need <= 0 {
			return
		}
		if g.state == holding && g.isSlow(now) {
			g.state = leaving
			g.cut()
			need -= g.size
		}
	}
}
