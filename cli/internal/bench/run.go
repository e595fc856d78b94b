package bench

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Options say how long and how hard a load is run.
type Options struct {
	// Workers is how many operations run at once; 0 means one.
	Workers int
	// Duration is when to stop beginning operations; 0 means no such time.
	Duration time.Duration
	// Count is after how many operations to stop; 0 means no such number. A load's own limit holds besides.
	Count int
	// Progress is told, from one goroutine, how many operations and bytes have been done, about twice a second; may be nil.
	Progress func(name string, operations, bytes int64)
	// Profile is called once what the load needs has been prepared, and runs beside its operations: a profile of the server
	// that shows those alone. What the load has made is removed when it has returned. Its error ends up in that of Run; may
	// be nil.
	Profile func(context.Context) error
}

// progressPeriod is how often Options.Progress is called.
const progressPeriod = 500 * time.Millisecond

// The range of latencies that are told apart, in nanoseconds, to three digits.
const (
	shortest = 100
	longest  = int64(10 * time.Minute)
	digits   = 3
)

// errEndless is returned for a run that has nothing to end it.
var errEndless = errors.New("bench: neither a duration nor a count ends the run")

// Run prepares a load, runs it and cleans up. The first error of an operation ends the run and is returned.
func Run(ctx context.Context, l Load, opts Options) (_ Result, err error) {
	count := opts.Count
	if l.Limit > 0 && (count == 0 || count > l.Limit) {
		count = l.Limit
	}
	if count == 0 && opts.Duration == 0 {
		return Result{}, errEndless
	}
	if l.Clean != nil {
		defer func() { err = errors.Join(err, l.Clean(context.WithoutCancel(ctx))) }()
	}
	if l.Prepare != nil {
		if err := l.Prepare(ctx); err != nil {
			return Result{}, err
		}
	}
	if opts.Profile != nil {
		profiled := make(chan error, 1)
		go func() { profiled <- opts.Profile(ctx) }()
		defer func() { err = errors.Join(err, <-profiled) }()
	}
	r := &running{load: l, opts: opts, count: int64(count)}
	return r.all(ctx)
}

// running is a load that is being run.
type running struct {
	load  Load
	opts  Options
	count int64
	start time.Time
	// next is the number of the next operation, done and bytes are how much has been finished.
	next, done, bytes atomic.Int64
}

func (r *running) all(ctx context.Context) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := max(r.opts.Workers, 1)
	histograms := make([]*hdrhistogram.Histogram, workers)
	for w := range workers {
		histograms[w] = hdrhistogram.New(shortest, longest, digits)
	}
	stop := r.report()
	r.start = time.Now()
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			if err := r.work(ctx, w, histograms[w]); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	elapsed := time.Since(r.start)
	stop()
	if err := context.Cause(ctx); err != nil {
		return Result{}, err
	}
	for _, h := range histograms[1:] {
		histograms[0].Merge(h)
	}
	return r.result(histograms[0], workers, elapsed), nil
}

// work runs operations until there is no more time or there are enough.
func (r *running) work(ctx context.Context, worker int, h *hdrhistogram.Histogram) error {
	for ctx.Err() == nil {
		begun := time.Now()
		if r.opts.Duration > 0 && begun.Sub(r.start) >= r.opts.Duration {
			return nil
		}
		i := r.next.Add(1) - 1
		if r.count > 0 && i >= r.count {
			return nil
		}
		n, err := r.load.Do(ctx, worker, int(i))
		if err != nil {
			return err
		}
		r.bytes.Add(n)
		r.done.Add(1)
		if err := h.RecordValue(min(max(int64(time.Since(begun)), shortest), longest)); err != nil {
			return err
		}
	}
	return nil
}

// report tells of the progress until the function that it returns is called.
func (r *running) report() (stop func()) {
	if r.opts.Progress == nil {
		return func() {}
	}
	ended, reported := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(reported)
		ticker := time.NewTicker(progressPeriod)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				r.opts.Progress(r.load.Name, r.done.Load(), r.bytes.Load())
			}
		}
	}()
	return func() {
		close(ended)
		<-reported
	}
}

func (r *running) result(h *hdrhistogram.Histogram, workers int, elapsed time.Duration) Result {
	items := int64(max(r.load.Items, 1)) * r.done.Load()
	return Result{
		Name: r.load.Name, Workers: workers, Operations: r.done.Load(), Items: items, Bytes: r.bytes.Load(),
		Seconds: elapsed.Seconds(), PerSecond: float64(items) / elapsed.Seconds(),
		BytesPerSecond: float64(r.bytes.Load()) / elapsed.Seconds(),
		P50:            microseconds(h, 50), P90: microseconds(h, 90), P99: microseconds(h, 99), P999: microseconds(h, 99.9),
		Max: float64(h.Max()) / 1e3,
	}
}

func microseconds(h *hdrhistogram.Histogram, percentile float64) float64 {
	return float64(h.ValueAtPercentile(percentile)) / 1e3
}
