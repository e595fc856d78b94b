package pfs

import (
	"context"
	"time"
)

// progressStep is after how many bytes progress is told.
const progressStep = 16 << 20

// progress tells how far a check has come.
type progress struct {
	c    *checker
	tell func(CheckProgress)
	at   CheckProgress
	told int64
}

func newProgress(c *checker, tell func(CheckProgress)) *progress {
	p := &progress{c: c, tell: tell}
	for _, info := range c.store.packs.Packs() {
		p.at.Total += info.Size
	}
	return p
}

// read notes that so many bytes are about to be read.
func (p *progress) read(n int64) {
	p.at.Read += n
	if p.at.Read-p.told >= progressStep {
		p.now()
	}
}

// now tells.
func (p *progress) now() {
	if p.tell == nil {
		return
	}
	p.told = p.at.Read
	p.at.Entries, p.at.Problems = p.c.report.Entries, int64(len(p.c.report.Problems)+len(p.c.hurt))
	p.tell(p.at)
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
