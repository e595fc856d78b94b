package pfs

import (
	"context"
	"errors"
	"time"
)

// DefaultGrace is how long what was deleted can be restored when Options do not say.
const DefaultGrace = 72 * time.Hour

// GCOptions say what a collection of garbage does.
type GCOptions struct {
	// Grace is how long what was deleted stays and can be restored; negative for what Options.Grace says. With 0 all goes that was
	// deleted by now, and all commits to which no name leads.
	Grace time.Duration
	// DryRun finds out what would go, and leaves it.
	DryRun bool
	// AfterSalvage says that somebody has seen what a salvage has lost: what no name leads to may be removed, now and from now on.
	AfterSalvage bool
	// Compact says how much of packs is copied so that what they have in vain can go.
	Compact Compaction
}

// Compaction says how much may be left of what packs have in vain: the less, the more is copied.
type Compaction uint8

// The ways to compact.
const (
	// CompactMost leaves no more than a 32nd of what is in use, and 4 MiB.
	CompactMost Compaction = iota
	// CompactSome leaves no more than an eighth.
	CompactSome
	// CompactAll leaves nothing, but for what is in packs that are being written.
	CompactAll
)

// Garbage is an amount of what is stored: rows, and the bytes that these and the bulk bytes they stand for take.
type Garbage struct {
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"bytes"`
}

func (g *Garbage) add(bytes int64) {
	g.Rows++
	g.Bytes += bytes
}

// GCReport is what a collection of garbage has found, by cause, and what it has freed.
type GCReport struct {
	DryRun bool `json:"dry_run"`
	// Live is what stays.
	Live Garbage `json:"live"`
	// Waiting is what only deleted things lead to that can still be restored. It stays, too.
	Waiting Garbage `json:"waiting"`
	// History is what only repos, branches, tags and commits lead to that were deleted or left behind a grace period ago.
	History Garbage `json:"history"`
	// Unlinked is what nothing leads to: the bytes of uploads that were aborted and writes that were interrupted, of
	// commits that were thinned out, and of what was overwritten in a mount before there was a commit of it.
	Unlinked Garbage `json:"unlinked"`
	// Commits is how many commits go, and Deleted how many deleted repos, branches and tags can no longer be restored.
	Commits int64 `json:"commits"`
	Deleted int64 `json:"deleted"`
	// PackDead is how many bytes of packs are in vain, what is counted above included, and PacksRemoved how many packs were
	// removed, the rest of which was Copied, in bytes.
	PackDead     int64 `json:"pack_dead"`
	PacksRemoved int64 `json:"packs_removed"`
	Copied       int64 `json:"copied"`
	// Before and After are how many bytes the store took on disk.
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// Reclaimable is what goes, in bytes.
func (r *GCReport) Reclaimable() int64 { return r.History.Bytes + r.Unlinked.Bytes }

// GC collects garbage while the store is in use: it removes what nothing leads to any more, and gives back the room that it
// took. It never removes what a name leads to, nor what can still be restored, is pinned, pending, part of an upload, or held
// by anybody in this process who reads or writes. It can be interrupted at any point, by ctx or by a crash: the next one
// goes on. One runs at a time, and not beside a Check; a second call waits. It takes some 16 bytes of memory for each row of
// contents and trees, and 200 for each commit.
//
// The error is of KindPermission when rows were salvaged, or do not belong to the packs, and nobody has said AfterSalvage: names may be lost whose contents are
// there. It is of KindCorrupt when something that is in use cannot be read: then nothing was removed, since it is not known
// what it leads to. Else it is of KindCanceled, KindClosed, KindNoSpace or KindInternal.
func (s *Store) GC(ctx context.Context, o GCOptions) (*GCReport, error) {
	const op = "pfs.GC"
	unlock, err := s.upkeep.lock(ctx)
	if err != nil {
		return nil, wrap(op, err, "", "")
	}
	defer unlock()
	if !o.AfterSalvage && !o.DryRun {
		if err := s.mayRemove(ctx, op); err != nil {
			return nil, err
		}
	}
	if o.Grace < 0 {
		o.Grace = s.opts.Grace
	}
	c := &collection{store: s, opts: o, report: &GCReport{DryRun: o.DryRun}}
	if err := c.run(ctx); err != nil {
		return nil, wrap(op, err, "", "")
	}
	return c.report, nil
}

// collection is one run of GC.
type collection struct {
	store  *Store
	opts   GCOptions
	report *GCReport
	graph  *graph
	// burial is what becomes of tombstones, dead the rows that then belong to nothing.
	burial []rowChange
	dead   deadRows
}

func (c *collection) run(ctx context.Context) error {
	// Behind a damaged block rows are there and not listed. What they lead to would count as garbage.
	if err := c.store.verifyRows(ctx); err != nil {
		return err
	}
	c.report.Before = c.store.diskBytes()
	if err := c.begin(ctx); err != nil {
		return err
	}
	if err := c.mark(ctx); err != nil {
		// Nothing was decided: whatever is there stays.
		c.store.guard.End()
		return err
	}
	if err := c.tellCauses(ctx); err != nil {
		return c.interrupted(err)
	}
	if c.opts.DryRun {
		err := c.count(ctx)
		c.store.guard.End()
		c.report.After = c.report.Before
		return err
	}
	for _, step := range []func(context.Context) error{c.dropHistory, c.dropIndex, c.sweep} {
		if err := step(ctx); err != nil {
			return c.interrupted(err)
		}
	}
	c.store.guard.End()
	if err := errors.Join(c.compact(ctx), c.store.reclaim(ctx, c.report)); err != nil {
		return err
	}
	c.report.After = c.store.diskBytes()
	return nil
}

// interrupted is for an error in a sweep: the guard stays as it is, since of what is dead some is gone, so that whoever
// wants to link it has to look. A dry run has removed nothing.
func (c *collection) interrupted(err error) error {
	if c.opts.DryRun {
		c.store.guard.End()
	}
	return err
}

// begin takes note of what is in use that no row tells of. It does so in the committer, between two changes.
func (c *collection) begin(ctx context.Context) error {
	s := c.store
	s.commits.Purge()
	s.holds.notice(ctx)
	var err error
	doErr := s.committer.do(ctx, true, func(*group) error {
		if err = s.guard.Begin(); err != nil {
			return nil
		}
		inUse, held := s.contents.InUse(), s.holds.list()
		s.guard.Late(func(ctx context.Context) error {
			if err := s.contents.MarkInUse(ctx, inUse); err != nil {
				return err
			}
			for _, h := range held {
				if err := s.markHold(ctx, h); err != nil {
					return err
				}
			}
			return nil
		})
		return nil
	})
	return errors.Join(doErr, err)
}

// reclaimer is a key-value store that can give back the room of rows that are gone.
type reclaimer interface {
	// Vain is about how many bytes are those of rows that are gone, of all that rows take.
	Vain(ctx context.Context) (vain, all int64, err error)
	// Reclaim rewrites what has rows in vain. It takes long, and reads and writes go on.
	Reclaim(ctx context.Context) error
}

// sizer is a key-value store that knows how much it takes on disk.
type sizer interface{ Size() int64 }

// reclaimMark is from how many bytes of deleted rows on the key-value store is asked to give back their room, and reclaimShare
// what part of all bytes of rows, one in so many, these must be when they have gone in an earlier run.
const (
	reclaimMark  = 4 << 20
	reclaimShare = 16
)

// reclaim has the key-value store give back room when that is worth it: after much has gone, now or in runs that were
// interrupted before they came to this, or were too small for it.
func (s *Store) reclaim(ctx context.Context, r *GCReport) error {
	store, ok := s.kv.(reclaimer)
	if !ok {
		return nil
	}
	if r.Reclaimable() < reclaimMark {
		vain, all, err := store.Vain(ctx)
		if err != nil || vain < max(reclaimMark, all/reclaimShare) {
			return err
		}
	}
	return store.Reclaim(ctx)
}

// diskBytes is what packs and rows take on disk.
func (s *Store) diskBytes() int64 {
	var sum int64
	for _, p := range s.packs.Packs() {
		sum += p.Size
	}
	if store, ok := s.kv.(sizer); ok {
		sum += store.Size()
	}
	return sum
}
