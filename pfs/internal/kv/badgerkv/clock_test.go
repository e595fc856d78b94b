package badgerkv

import (
	"errors"
	"math/rand/v2"
	"testing"
)

// ready reports whether a write has ended for its caller.
func (w *write) isReady() bool {
	select {
	case <-w.ready:
		return true
	default:
		return false
	}
}

// TestClockOrder: writes become visible in their order, whatever the order in which they end.
func TestClockOrder(t *testing.T) {
	c := newClock(10, func(uint64) {})
	a, b, d := c.next(), c.next(), c.next()
	c.finish(d, nil)
	c.finish(b, nil)
	if ts := c.enter(); ts != 10 || b.isReady() || d.isReady() {
		t.Errorf("with the first unfinished, a View reads at %d", ts)
	}
	c.finish(a, nil)
	if ts := c.enter(); ts != 13 || !a.isReady() || !b.isReady() || !d.isReady() {
		t.Errorf("with all finished, a View reads at %d", ts)
	}
}

// TestClockFailure: from a failed write on nothing becomes visible, what came before does.
func TestClockFailure(t *testing.T) {
	broken := errors.New("broken")
	c := newClock(0, func(uint64) {})
	a, b, d := c.next(), c.next(), c.next()
	c.finish(d, nil)
	c.finish(b, broken)
	if c.broken() != nil {
		t.Error("a failure counts before its turn")
	}
	c.finish(a, nil)
	if ts := c.enter(); ts != 1 {
		t.Errorf("a View reads at %d", ts)
	}
	if a.err != nil || b.err != broken || d.err != broken || c.broken() != broken {
		t.Errorf("errors: %v, %v, %v, %v", a.err, b.err, d.err, c.broken())
	}
}

// TestClockDiscard: no version that a View can see is let go, and all others are in the end.
func TestClockDiscard(t *testing.T) {
	const seed = 9
	rng := rand.New(rand.NewPCG(seed, seed))
	var dropped uint64
	c := newClock(0, func(ts uint64) {
		if ts <= dropped {
			t.Errorf("discard goes back from %d to %d", dropped, ts)
		}
		dropped = ts
	})
	var views []uint64
	for range 2000 {
		switch rng.IntN(3) {
		case 0:
			c.finish(c.next(), nil)
		case 1:
			views = append(views, c.enter())
		case 2:
			if n := len(views); n > 0 {
				i := rng.IntN(n)
				c.leave(views[i])
				views[i] = views[n-1]
				views = views[:n-1]
			}
		}
		for _, ts := range views {
			if dropped > ts {
				t.Fatalf("seed %d: versions up to %d are let go, a View reads at %d", seed, dropped, ts)
			}
		}
	}
	for _, ts := range views {
		c.leave(ts)
	}
	if dropped != c.visible || len(c.views) != 0 {
		t.Errorf("without Views versions up to %d are let go, of %d", dropped, c.visible)
	}
}
