package pfs

import (
	"context"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

const (
	// collectEvery is how often it is looked whether a collection of garbage is worth it.
	collectEvery = 10 * time.Minute
	// collectAnyway is after how long one is made in any case, if anything was written since.
	collectAnyway = 24 * time.Hour
	// growthFloor is how many bytes a store must have grown by, and growthShare by what part of itself, one in so many.
	growthFloor, growthShare = 256 << 20, 4
)

// collectAll collects garbage whenever that seems worth it, until ctx is done. After a salvage it waits until somebody collects with
// AfterSalvage.
func (s *Store) collectAll(ctx context.Context) {
	last, size := s.opts.Now(), s.diskBytes()
	told := false
	for s.opts.Wait(ctx, collectEvery) == nil {
		if err := s.mayRemove(ctx, "pfs.GC"); err != nil && !told && ctx.Err() == nil {
			told = true
			s.log.Warn("garbage is not collected", "err", err)
		}
		due, err := s.collectionDue(ctx, last, size)
		if err == nil && due {
			var report *GCReport
			if report, err = s.GC(ctx, GCOptions{Grace: -1, Compact: CompactSome}); err == nil {
				s.log.Info("collected garbage", "commits", report.Commits, "freed", report.Before-report.After)
				last, size = s.opts.Now(), report.After
			}
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("collection of garbage failed", "err", err)
		}
	}
}

// collectionDue reports whether to collect garbage: something deleted can no longer be restored, or the store has grown
// much since the last time, or that was long ago and it has grown at all.
func (s *Store) collectionDue(ctx context.Context, last time.Time, size int64) (bool, error) {
	if held, err := s.salvaged(ctx); err != nil || held != nil {
		return false, err
	}
	grown := s.diskBytes() - size
	if grown > growthFloor+size/growthShare || grown != 0 && s.opts.Now().Sub(last) > collectAnyway {
		return true, nil
	}
	expiry := s.opts.Now().Add(-s.opts.Grace)
	due := false
	err := s.kv.View(ctx, func(r kv.Reader) error {
		return eachRow(r, schema.TombPrefix(), func(row kv.Row) error {
			_, _, _, at, ok := schema.ParseTombKey(row.Key)
			due = due || ok && !timeOf(at).After(expiry)
			return nil
		})
	})
	return due, err
}
