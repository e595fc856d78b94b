package budget

import (
	"context"
	"errors"
	"testing"
	"time"
)

// clock is a clock that a test drives, with a Budget that sweeps only when it is told to.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newBudget(limit int64) (*Budget, *clock) {
	c := &clock{time.Unix(1, 0)}
	b := New(limit, c.now)
	b.sweeping = true // so that none is planned
	return b, c
}

// pass lets time pass, and has holders looked at.
func (c *clock) pass(b *Budget, d time.Duration) {
	b.mu.Lock()
	c.at = c.at.Add(d)
	b.mu.Unlock()
	b.sweep()
	b.mu.Lock()
	b.sweeping = true
	b.mu.Unlock()
}

// hold acquires size bytes that must be free, and returns how often the holder was cut off.
func hold(t *testing.T, b *Budget, size int64) (*Grant, *int) {
	t.Helper()
	cut := new(int)
	g, err := b.Acquire(t.Context(), size, false, func() { *cut++ })
	if err != nil {
		t.Fatal(err)
	}
	return g, cut
}

// outcome is what came of a wait.
type outcome struct {
	grant *Grant
	err   error
}

// wait acquires size bytes that are not free, and returns once that is waited for.
func wait(t *testing.T, b *Budget, ctx context.Context, size int64) <-chan outcome {
	t.Helper()
	return waitAs(t, b, ctx, size, false)
}

func waitAs(t *testing.T, b *Budget, ctx context.Context, size int64, patient bool) <-chan outcome {
	t.Helper()
	_, before := b.Used()
	got := make(chan outcome, 1)
	go func() {
		g, err := b.Acquire(ctx, size, patient, func() {})
		got <- outcome{g, err}
	}()
	for {
		if _, waiting := b.Used(); waiting > before {
			return got
		}
		select {
		case o := <-got:
			t.Fatalf("it did not wait: %v", o)
		default:
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	b, _ := newBudget(100)
	first, _ := hold(t, b, 60)
	second, _ := hold(t, b, 40)
	oldest := wait(t, b, t.Context(), 50)
	newest := wait(t, b, t.Context(), 10)
	second.Release()
	second.Release()
	if used, waiting := b.Used(); used != 60 || waiting != 2 {
		t.Errorf("%d bytes, %d wait: the oldest must not be passed by", used, waiting)
	}
	first.Release()
	(<-oldest).grant.Release()
	(<-newest).grant.Release()
	all, _ := hold(t, b, 1000)
	if used, _ := b.Used(); used != 100 {
		t.Errorf("more than there is: %d", used)
	}
	all.Release()
	if used, waiting := b.Used(); used != 0 || waiting != 0 {
		t.Errorf("left: %d bytes, %d wait", used, waiting)
	}
}

// Nobody is cut off while nobody waits; then it is who is slow, whether it moves nothing or too little, and nobody else.
func TestSlowHoldersAreCutOff(t *testing.T) {
	b, c := newBudget(400)
	stalled, cutStalled := hold(t, b, 100)
	dripping, cutDripping := hold(t, b, 100)
	fast, cutFast := hold(t, b, 100)
	busy, cutBusy := hold(t, b, 100)
	if stalled.Begin() != nil || dripping.Begin() != nil || fast.Begin() != nil {
		t.Fatal("refused")
	}
	move := func(d time.Duration) {
		t.Helper()
		for range 10 {
			c.pass(b, d/10)
			_ = dripping.End(10)
			_ = fast.End(4 * Pace)
			if err := fast.Begin(); err != nil {
				t.Errorf("fast: %v", err)
			}
			_ = dripping.Begin()
		}
	}
	move(10 * time.Second)
	if *cutStalled+*cutDripping+*cutFast+*cutBusy > 0 {
		t.Fatal("cut off while nobody waited")
	}
	first := wait(t, b, t.Context(), 100)
	second := wait(t, b, t.Context(), 100)
	move(Round)
	if *cutStalled == 0 || *cutDripping == 0 || *cutFast+*cutBusy > 0 {
		t.Errorf("cut off: stalled %d, dripping %d, fast %d, busy %d", *cutStalled, *cutDripping, *cutFast, *cutBusy)
	}
	if err := stalled.End(0); !errors.Is(err, ErrCut) {
		t.Errorf("stalled: %v", err)
	}
	if err := stalled.Begin(); !errors.Is(err, ErrCut) {
		t.Errorf("stalled goes on: %v", err)
	}
	stalled.Release()
	(<-second).grant.Release()
	dripping.Release()
	(<-first).grant.Release()
	fast.Release()
	busy.Release()
}

// No more are cut off than those who wait need.
func TestCutOffAsNeeded(t *testing.T) {
	b, c := newBudget(300)
	var cuts []*int
	for range 3 {
		g, cut := hold(t, b, 100)
		_ = g.Begin()
		cuts = append(cuts, cut)
	}
	got := wait(t, b, t.Context(), 100)
	c.pass(b, Stall)
	c.pass(b, Stall)
	holders := 0
	for _, cut := range cuts {
		if *cut > 0 {
			holders++
		}
	}
	if holders != 1 {
		t.Errorf("%d were cut off", holders)
	}
	for g := range b.holders {
		g.Release()
	}
	(<-got).grant.Release()
}

func TestWaitsEnd(t *testing.T) {
	b, c := newBudget(100)
	g, _ := hold(t, b, 100)
	ctx, cancel := context.WithCancel(t.Context())
	gone := wait(t, b, ctx, 100)
	late := wait(t, b, t.Context(), 100)
	cancel()
	if o := <-gone; !errors.Is(o.err, context.Canceled) {
		t.Errorf("who has gone: %v", o.err)
	}
	c.pass(b, IdleWait)
	if o := <-late; !errors.Is(o.err, ErrBusy) {
		t.Errorf("who has waited: %v", o.err)
	}
	if g.Grow(1) {
		t.Error("more than there is")
	}
	g.Release()
	for range 2 {
		if g, _ := hold(t, b, 50); !g.Grow(25) || g.Grow(1) {
			t.Error("it does not grow by a quarter of all")
		} else if g.Release(); b.used != 0 {
			t.Errorf("left: %d", b.used)
		}
	}
	var none *Grant
	if none.Release(); none.Begin() != nil || none.End(1) != nil {
		t.Error("no grant")
	}
}

// Who waits keeps its place while others are let in, but not for ever; who does not notice that it waits, longer.
func TestWaitsInALineThatMoves(t *testing.T) {
	b, c := newBudget(100)
	g, _ := hold(t, b, 100)
	var line []<-chan outcome
	for range 8 {
		line = append(line, wait(t, b, t.Context(), 100))
	}
	patient := waitAs(t, b, t.Context(), 100, true)
	const pause = IdleWait - time.Second
	for i := range 5 {
		c.pass(b, pause)
		g.Release()
		o := <-line[i]
		if o.err != nil {
			t.Fatalf("in place %d: %v", i, o.err)
		}
		g = o.grant
	}
	c.pass(b, MaxWait-5*pause)
	for _, late := range line[5:] {
		if o := <-late; !errors.Is(o.err, ErrBusy) {
			t.Errorf("after %v: %v", MaxWait, o.err)
		}
	}
	if _, waiting := b.Used(); waiting != 1 {
		t.Errorf("%d wait, who is patient should", waiting)
	}
	c.pass(b, PatientWait)
	if o := <-patient; !errors.Is(o.err, ErrBusy) {
		t.Errorf("who was patient: %v", o.err)
	}
	g.Release()
}
