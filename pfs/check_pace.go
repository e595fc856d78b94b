package pfs

import (
	"context"
	"time"
)

// progressStep is after how many bytes progress is told.
const progressStep = 16 << 20

// pacer returns what is to be called with each piece that is read: it tells of progress and waits when that is too fast.
func (c *checker) pacer(o CheckOptions) func(ctx context.Context, n int64) error {
	p := CheckProgress{}
	for _, info := range c.store.packs.Packs() {
		p.Total += info.Size
	}
	limit := pace{store: c.store, rate: o.Rate}
	var told int64
	return func(ctx context.Context, n int64) error {
		p.Read += n
		if o.Progress != nil && p.Read-told >= progressStep {
			told = p.Read
			p.Entries, p.Problems = c.report.Entries, int64(len(c.report.Problems)+len(c.hurt))
			o.Progress(p)
		}
		return limit.wait(ctx, n)
	}
}

// pace keeps something that goes on for long from being faster than a rate. Its clock is the store's.
type pace struct {
	store *Store
	// rate is in bytes a second; 0 for no bound.
	rate  int64
	begin time.Time
	done  int64
}

// wait returns when n bytes more may be read, or with ctx's error.
func (p *pace) wait(ctx context.Context, n int64) error {
	if p.rate <= 0 {
		return ctx.Err()
	}
	now := p.store.opts.Now()
	if p.begin.IsZero() {
		p.begin = now
	}
	p.done += n
	due := p.begin.Add(time.Duration(float64(p.done) / float64(p.rate) * float64(time.Second)))
	return p.store.opts.Wait(ctx, due.Sub(now))
}

// wait returns after a while, or with ctx's error when that is done before.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
