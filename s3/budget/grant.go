package budget

import "time"

// state is what becomes of a Grant, in this order.
type state uint8

const (
	waiting state = iota
	holding
	leaving // was told to
	ended
)

// Grant is memory that a request may use until Release. A nil Grant is one of a request that needs none. Its methods are for the
// request alone; Begin and End may be called by another goroutine than the rest.
type Grant struct {
	b     *Budget
	size  int64
	extra int64
	// patient is set when the client does not notice that it waits.
	patient bool
	cut     func()
	// ready is closed when the wait is over.
	ready chan struct{}

	// What follows is guarded by b.mu.
	state state
	// begun is since when the request waits, for memory and later for its client; zero while it does not.
	begun time.Time
	// waited is how long it has waited for the client in this round, but for the wait that goes on, and moved how many bytes came
	// or went.
	waited time.Duration
	moved  int64
}

// Begin tells that the request waits for its client from now on. It returns ErrCut when it must not.
func (g *Grant) Begin() error {
	if g == nil {
		return nil
	}
	g.b.mu.Lock()
	defer g.b.mu.Unlock()
	if g.state == leaving {
		return ErrCut
	}
	g.begun = g.b.now()
	return nil
}

// End tells that the wait is over, in which n bytes came or went. It returns ErrCut when the holder was cut off meanwhile.
func (g *Grant) End(n int64) error {
	if g == nil {
		return nil
	}
	g.b.mu.Lock()
	defer g.b.mu.Unlock()
	if !g.begun.IsZero() {
		g.waited += g.b.now().Sub(g.begun)
		g.begun = time.Time{}
	}
	g.moved += n
	if g.state == leaving {
		return ErrCut
	}
	return nil
}

// Grow adds n bytes to the Grant, and reports whether they are free and nobody waits for any. All Grants together grow by a quarter
// of the Budget at most, so that the first requests leave room for others.
func (g *Grant) Grow(n int64) bool {
	g.b.mu.Lock()
	defer g.b.mu.Unlock()
	if len(g.b.queue) > 0 || g.b.used+n > g.b.limit || g.b.extra+n > g.b.limit/4 {
		return false
	}
	g.extra += n
	g.b.extra += n
	g.b.used += n
	return true
}

// Release gives the memory back. It may be called more than once.
func (g *Grant) Release() {
	if g == nil {
		return
	}
	b := g.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if g.state == ended {
		return
	}
	if g.state == leaving {
		b.fromCut += g.size + g.extra
	}
	g.state = ended
	delete(b.holders, g)
	b.used -= g.size + g.extra
	b.extra -= g.extra
	b.admitLocked()
}

// isSlow reports whether the client does not keep the pace. It begins a new round when one is over.
func (g *Grant) isSlow(now time.Time) bool {
	waited := g.waited
	if !g.begun.IsZero() {
		wait := now.Sub(g.begun)
		if wait >= Stall {
			return true
		}
		waited += wait
	}
	if waited < Round {
		return false
	}
	slow := float64(g.moved) < Pace*waited.Seconds()
	g.waited, g.moved = 0, 0
	if !g.begun.IsZero() {
		// What has gone of the present wait is in this round; a stall is counted from its beginning all the same.
		g.waited = -now.Sub(g.begun)
	}
	return slow
}
