package pfs

import (
	"context"
	"errors"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// run is a row of commits of one line of which only the last is to stay.
type run struct {
	// gone are those that go, newest first.
	gone  []schema.ID
	stays schema.ID
}

// named are the commits that something names, as it was when so many names had been given.
type named struct {
	names uint64
	// ids is nil before they are known: to find them takes time by how many commits the store has.
	ids map[schema.ID]bool
}

// learn finds what is named, unless that is known.
func (n *named) learn(ctx context.Context, s *Store) error {
	if n.ids != nil {
		return nil
	}
	err := s.committer.do(ctx, false, func(*group) error { n.names = s.names; return nil })
	if err != nil {
		return err
	}
	n.ids, err = s.fixed(ctx)
	return err
}

// thinnable returns what a policy has no room for, on the branch's own line. Only when there may be any is it asked what is
// named.
func (s *Store) thinnable(ctx context.Context, b *branch, policy string, known *named) ([]run, error) {
	steps, err := parseKeep(policy)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	runs, err := s.findRuns(ctx, b, steps, known.ids)
	if err != nil || len(runs) == 0 || known.ids != nil {
		return runs, err
	}
	if err := known.learn(ctx, s); err != nil {
		return nil, err
	}
	return s.findRuns(ctx, b, steps, known.ids)
}

// findRuns returns the runs of the branch's own line in which there is no commit of those that are fixed. Of other commits
// than automatic ones it reads no more than the record.
func (s *Store) findRuns(ctx context.Context, b *branch, steps []thinning, fixed map[schema.ID]bool) ([]run, error) {
	st := b.state.Load()
	f := runFinder{steps: steps, now: s.opts.Now(), head: st.head.id, fixed: fixed}
	err := s.kv.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(schema.SeqPrefix(st.line), schema.SeqKey(st.line, st.seq), true) {
			if err == nil {
				err = f.see(r, row.Value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return f.runs, err
}

// runFinder goes over the commits of a line, the newest first.
type runFinder struct {
	steps []thinning
	now   time.Time
	head  schema.ID
	fixed map[schema.ID]bool
	runs  []run
	// last is the commit after the one looked at that stays, nil when it is not known; begun is set when it has a run.
	last   *schema.CommitRecord
	lastID schema.ID
	begun  bool
}

// see looks at the commit with an id.
func (f *runFinder) see(r kv.Reader, id []byte) error {
	if len(id) != len(schema.ID{}) {
		return corruptRow("place", schema.ErrInvalid)
	}
	value, err := r.Get(schema.CommitKey(schema.ID(id)))
	if errors.Is(err, kv.ErrNotFound) {
		f.last = nil // It is for a check to tell; nothing is taken out across it.
		return nil
	}
	if err != nil {
		return err
	}
	rec, err := schema.DecodeCommit(value)
	if err != nil {
		return corruptRow("commit "+schema.ID(id).String(), err)
	}
	f.add(schema.ID(id), &rec)
	return nil
}

// add makes a commit part of the run of the one after it, or the one that stays of another.
func (f *runFinder) add(id schema.ID, rec *schema.CommitRecord) {
	automatic := Origin(rec.Origin) == OriginMount && !f.fixed[id] && rec.Seq > 1 && id != f.head
	switch {
	case !automatic || f.last == nil || f.lastID == f.head || Origin(f.last.Origin) != OriginMount,
		!samePeriod(f.steps, f.now, rec, f.last):
		f.last, f.lastID, f.begun = rec, id, false
		return
	case !f.begun:
		f.runs, f.begun = append(f.runs, run{stays: f.lastID}), true
	}
	last := &f.runs[len(f.runs)-1]
	last.gone = append(last.gone, id)
}

// samePeriod reports whether a policy has room for only one of two commits, of which the second is the later one.
func samePeriod(steps []thinning, now time.Time, a, b *schema.CommitRecord) bool {
	for _, step := range steps {
		if now.Sub(timeOf(b.Time)) >= step.age {
			return timeOf(a.Time).Truncate(step.every).Equal(timeOf(b.Time).Truncate(step.every))
		}
	}
	return false
}

// fixed returns the commits that something names: tags, other lines, merges, heads, deleted branches and open commits.
func (s *Store) fixed(ctx context.Context) (map[schema.ID]bool, error) {
	fixed := map[schema.ID]bool{}
	s.mu.RLock()
	for _, r := range s.repos {
		for _, tag := range r.tags {
			fixed[tag.Commit] = true
		}
		for _, b := range r.branches {
			fixed[b.state.Load().head.id] = true
		}
		for _, b := range r.open {
			fixed[b.open.base.id] = true
		}
	}
	s.mu.RUnlock()
	deleted, err := s.Deletions(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range deleted {
		if id, ok := d.commit(); ok {
			fixed[id] = true
		}
	}
	return fixed, s.kv.View(ctx, func(r kv.Reader) error { return s.addParents(r, fixed) })
}

// commit returns the commit that a deleted branch or tag is at.
func (d Deleted) commit() (schema.ID, bool) {
	if branch, err := schema.DecodeBranch(d.record); d.Kind == "branch" && err == nil {
		return branch.Head, true
	}
	if tag, err := schema.DecodeTag(d.record); d.Kind == "tag" && err == nil {
		return tag.Commit, true
	}
	return schema.ID{}, false
}

// addParents adds the commits that lines leave from and that are second parents.
func (s *Store) addParents(r kv.Reader, fixed map[schema.ID]bool) error {
	for row, err := range r.Scan(schema.LinePrefix(), nil, false) {
		if err != nil {
			return err
		}
		rec, err := schema.DecodeLine(row.Value)
		if err != nil || rec.Parent == 0 {
			continue
		}
		if at, err := r.Get(schema.SeqKey(rec.Parent, rec.Seq)); err == nil {
			fixed[schema.ID(at)] = true
		}
	}
	for row, err := range r.Scan(schema.CommitPrefix(), nil, false) {
		if err != nil {
			return err
		}
		rec, err := schema.DecodeCommit(row.Value)
		if err != nil {
			continue // fsck tells
		}
		for _, id := range rec.Parents[min(1, len(rec.Parents)):] {
			fixed[id] = true
		}
	}
	return nil
}
