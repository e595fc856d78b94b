package pack

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Sync returns when all that was appended to the given packs before the call is on disk, and the packs' names with it.
// Callers that wait for one pack share its fsync; a pack that is on disk already costs nothing. When ctx is done while
// another caller's fsync runs, its error is returned; an fsync once begun is finished.
//
// An error says that some record may not be on disk. After one of the file system the pack is abandoned: see the package
// comment. Other packs of the call are synced nevertheless.
func (s *Store) Sync(ctx context.Context, packs ...uint64) error {
	if len(packs) == 1 {
		return s.syncPack(ctx, packs[0])
	}
	errs := make([]error, len(packs))
	var wg sync.WaitGroup
	for i, id := range packs {
		wg.Go(func() { errs[i] = s.syncPack(ctx, id) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *Store) syncPack(ctx context.Context, id uint64) error {
	p, err := s.pack(id)
	if err != nil {
		return err
	}
	p.mu.Lock()
	target := p.size
	p.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		job, wait, err := p.begin(target)
		switch {
		case err != nil:
			return err
		case job != nil:
			s.finish(p, job, s.run(job))
		case wait == nil:
			return nil
		default:
			select {
			case <-wait:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// syncJob is one fsync of one pack.
type syncJob struct {
	file  File
	size  int64 // what is on disk when it succeeds
	named bool  // the directory was synced before
}

// begin decides what to do so that target bytes become durable: nothing when all results are nil, else fail, run the
// job, or wait.
func (p *pack) begin(target int64) (job *syncJob, wait <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.durableLocked(target):
		return nil, nil, nil
	case p.err != nil:
		return nil, nil, p.err
	case p.syncing != nil:
		return nil, p.syncing, nil
	}
	p.syncing = make(chan struct{})
	return &syncJob{p.pin.file, p.size, p.named}, nil, nil
}

// run does the job. The file comes first: a name without its bytes is harmless, and so are bytes without a name.
func (s *Store) run(job *syncJob) error {
	if err := job.file.Sync(); err != nil {
		return err
	}
	if job.named {
		return nil
	}
	return s.fs.Sync()
}

// finish notes how the job went and wakes those who wait for it.
func (s *Store) finish(p *pack, job *syncJob, err error) {
	p.mu.Lock()
	if err == nil {
		p.synced, p.named = max(p.synced, job.size), true
	} else if p.err == nil {
		p.err = fmt.Errorf("pack %s: sync, abandoned: %w", fileName(p.id), shortage(err))
	}
	close(p.syncing)
	p.syncing = nil
	pin := p.unpinLocked()
	p.mu.Unlock()
	if pin != nil {
		s.handles.release(pin)
	}
}
