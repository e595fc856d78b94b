package pfs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// restingClock is a clock that moves only when what goes on in the background with a certain rest does rest, and lets it go on
// when it is told to; all else in the background never does.
type restingClock struct {
	*pfstest.Clock
	rest time.Duration
	turn chan struct{}
}

func newRestingClock(rest time.Duration) restingClock {
	return restingClock{pfstest.NewClock(), rest, make(chan struct{})}
}

func (c restingClock) wait(ctx context.Context, d time.Duration) error {
	if d != c.rest {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-c.turn:
		c.Add(d)
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// turns lets what rests work so often.
func (c restingClock) turns(n int) {
	for range n {
		c.turn <- struct{}{}
	}
}

// TestScrub reads everything again within the period, not much sooner, goes on where it was after the store was opened
// again, and finds a damaged byte.
func TestScrub(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	clock := newRestingClock(time.Minute)
	opts := pfstest.Options(t)
	opts.Log = slog.New(slog.DiscardHandler)
	opts.Now, opts.Wait, opts.ScrubPeriod = clock.Now, clock.wait, time.Hour
	open := func() *pfs.Store { return openMemoryWith(t, rows, disk, opts) }
	status := func(s *pfs.Store) pfs.ScrubStatus {
		t.Helper()
		st, err := s.Status(ctx)
		noError(t, err)
		if st.Scrub == nil {
			t.Fatal("the scrub has not begun")
		}
		return *st.Scrub
	}
	s := open()
	makeRepo(t, s, "r")
	for i := range 10 {
		putFile(t, s, pfs.BranchRef("r", "master"), string(rune('a'+i)), noise(uint64(i), 1<<20))
	}
	clock.turns(31)
	half := status(s)
	if half.Read < half.Total*4/10 || half.Read > half.Total*6/10 || half.Damaged != 0 {
		t.Errorf("after half of the period: %+v", half)
	}
	noError(t, s.Close())
	disk.Corrupt("0000000000000001.pack", 5<<20)
	rows = rows.Crash()
	s = open()
	defer s.Close()
	clock.turns(10)
	if got := status(s); got.Started != half.Started || got.Read <= half.Read {
		t.Errorf("after it was opened again: %+v, before: %+v", got, half)
	}
	clock.turns(70)
	if got := status(s); got.Started == half.Started || got.Damaged > 1 {
		t.Errorf("after more than the period: %+v", got)
	}
	clock.turns(60)
	damaged := status(s).Damaged
	for range 60 {
		clock.turns(1)
		damaged = max(damaged, status(s).Damaged)
	}
	if damaged != 1 {
		t.Errorf("%d things are damaged, want one", damaged)
	}
}
