package pfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// KeepForever is the policy that keeps every automatic commit.
const KeepForever = "forever"

// DefaultKeep is the policy of a branch for which none was set.
const DefaultKeep = "24h:1h,168h:24h"

// maxThin bounds how many commits one transaction thins out.
const maxThin = 64

// thinning is a step of a policy: of commits that are older than Age, one in each Every stays.
type thinning struct {
	age, every time.Duration
}

// parseKeep parses a policy: "forever", or steps "AGE:EVERY" of durations with a comma between, as in DefaultKeep.
func parseKeep(policy string) ([]thinning, error) {
	if policy == KeepForever {
		return nil, nil
	}
	var steps []thinning
	for step := range strings.SplitSeq(cmp.Or(policy, DefaultKeep), ",") {
		age, every, _ := strings.Cut(step, ":")
		a, err := time.ParseDuration(age)
		e, err2 := time.ParseDuration(every)
		if err != nil || err2 != nil || a <= 0 || e <= 0 {
			return nil, &Error{Op: "pfs.SetKeep", Kind: KindInvalid,
				Err: fmt.Errorf(`a policy is "forever" or steps AGE:EVERY such as %q, not %q`, DefaultKeep, policy)}
		}
		steps = append(steps, thinning{a, e})
	}
	slices.SortFunc(steps, func(a, b thinning) int { return cmp.Compare(b.age, a.age) })
	return steps, nil
}

// SetKeep says how long the automatic commits of a branch stay, those that a mount made by itself: "forever", or steps
// "AGE:EVERY", each of which keeps, of those that are older than AGE, the last in each EVERY. The empty policy is
// DefaultKeep. The error is of KindInvalid, or as with Update.
func (s *Store) SetKeep(ctx context.Context, ref Ref, policy string) error {
	if _, err := parseKeep(policy); err != nil {
		return err
	}
	return s.committer.do(ctx, true, func(g *group) error {
		b, err := s.writable("pfs.SetKeep", ref)
		if err != nil {
			return err
		}
		w := g.workOn(b)
		if b.open != nil {
			return &Error{Op: "pfs.SetKeep", Kind: KindInvalid, Ref: ref.String()}
		}
		if err := w.cutPending(ctx); err != nil {
			return err
		}
		rec := b.record(&w.state)
		rec.Keep, w.moved = policy, false
		g.put(schema.BranchKey(b.repo.id, b.name), rec.Append(nil))
		g.publish = append(g.publish, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			b.keep = policy
		})
		return nil
	})
}

// Keep returns the policy for the automatic commits of a branch. The error is of KindRepoNotFound or KindBranchNotFound.
func (s *Store) Keep(_ context.Context, ref Ref) (string, error) {
	b, err := s.branch("pfs.Keep", ref)
	if err != nil {
		return "", err
	}
	return cmp.Or(s.keepOf(b), DefaultKeep), nil
}

func (s *Store) keepOf(b *branch) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return b.keep
}

// WouldThin returns the commits that Thin would remove if the policy of the branch were the given one, newest first. The
// error is of KindInvalid, or as with Thin.
func (s *Store) WouldThin(ctx context.Context, ref Ref, policy string) ([]CommitID, error) {
	const op = "pfs.WouldThin"
	b, err := s.writable(op, ref)
	if err != nil {
		return nil, err
	}
	runs, err := s.thinnable(ctx, b, policy)
	var gone []CommitID
	for _, run := range runs {
		for _, c := range run.gone {
			gone = append(gone, c.id)
		}
	}
	return gone, wrap(op, err, ref.String(), "")
}

// Thin removes the automatic commits of a branch for which its policy has no room, and returns their ids, newest first;
// with dryRun it only returns them. What they showed is gone, unless the next one that stays shows it too, which takes
// their place: their ids stand for that one from then on. Commits by S3 and the command line, tagged ones, those on which a
// branch, an open commit or a merge rests, and the head stay.
func (s *Store) Thin(ctx context.Context, ref Ref, dryRun bool) ([]CommitID, error) {
	const op = "pfs.Thin"
	s.thinning.Lock()
	defer s.thinning.Unlock()
	var gone []CommitID
	for {
		some, err := s.thinSome(ctx, ref, dryRun)
		gone = append(gone, some...)
		if !errors.Is(err, errNamed) {
			return gone, wrap(op, err, ref.String(), "")
		}
	}
}

// errNamed says that a commit may have been named since it was found that none was.
var errNamed = errors.New("pfs: a name was given meanwhile")

// thinSome is Thin until somebody gives a commit a name, which fails with errNamed.
func (s *Store) thinSome(ctx context.Context, ref Ref, dryRun bool) (gone []CommitID, err error) {
	b, err := s.writable("pfs.Thin", ref)
	if err != nil {
		return nil, err
	}
	var names uint64
	err = s.committer.do(ctx, false, func(*group) error { names = s.names; return nil })
	if err != nil {
		return nil, err
	}
	runs, err := s.thinnable(ctx, b, s.keepOf(b))
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if !dryRun {
			if err := s.thinRun(ctx, run, names); err != nil {
				return gone, err
			}
		}
		for _, c := range run.gone {
			gone = append(gone, c.id)
		}
	}
	return gone, nil
}

// thinRun takes a run out, unless the number of names ever given is no longer the given one.
func (s *Store) thinRun(ctx context.Context, r run, names uint64) error {
	err := s.committer.do(ctx, true, func(g *group) error {
		if s.names != names {
			return errNamed
		}
		return g.thin(ctx, r)
	})
	if err == nil {
		for _, c := range append(slices.Clone(r.gone), r.stays) {
			s.commits.Remove(c.id)
		}
	}
	return err
}

// thinAll applies the policies of all branches from time to time, until ctx is done.
func (s *Store) thinAll(ctx context.Context) {
	timer := time.NewTicker(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		branches, err := s.Branches(ctx, "")
		for _, b := range branches {
			if err == nil {
				_, err = s.Thin(ctx, BranchRef(b.Repo, b.Name), false)
			}
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("thinning out of automatic commits failed", "err", err)
		}
	}
}

// run is a row of commits of one line of which only the last is to stay.
type run struct {
	// gone are those that go, newest first.
	gone  []*commit
	stays *commit
}

// thinnable returns what a policy has no room for, on the branch's own line.
func (s *Store) thinnable(ctx context.Context, b *branch, policy string) ([]run, error) {
	steps, err := parseKeep(policy)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	st := b.state.Load()
	fixed, err := s.fixed(ctx)
	if err != nil {
		return nil, err
	}
	now := s.opts.Now()
	var runs []run
	var last *commit // the commit after the one looked at
	h := history{store: s, ctx: ctx}
	for c, err := range h.all(st.line, st.seq) {
		if err != nil {
			return nil, err
		}
		automatic := Origin(c.rec.Origin) == OriginMount && !fixed[c.id] && c.rec.Seq > 1 && c.id != st.head.id
		switch {
		case !automatic || last == nil || last.id == st.head.id || Origin(last.rec.Origin) != OriginMount,
			!samePeriod(steps, now, c, last):
			last = c
			runs = append(runs, run{stays: c})
		case len(runs) > 0 && len(runs[len(runs)-1].gone) < maxThin:
			runs[len(runs)-1].gone = append(runs[len(runs)-1].gone, c)
		}
	}
	return slices.DeleteFunc(runs, func(r run) bool { return len(r.gone) == 0 }), nil
}

// samePeriod reports whether a policy has room for only one of two commits.
func samePeriod(steps []thinning, now time.Time, a, b *commit) bool {
	for _, step := range steps {
		if now.Sub(timeOf(b.rec.Time)) >= step.age {
			return timeOf(a.rec.Time).Truncate(step.every).Equal(timeOf(b.rec.Time).Truncate(step.every))
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

// thin takes the commits of a run out, and lets the one that stays follow on the one before them.
func (g *group) thin(ctx context.Context, r run) error {
	oldest := r.gone[len(r.gone)-1]
	before, err := g.store.loadCommit(ctx, oldest.rec.Parents[0])
	if err != nil || before == nil {
		return cmp.Or(err, error(&Error{Op: "pfs.Thin", Kind: KindCorrupt, Ref: oldest.id.String()}))
	}
	line, err := g.store.loadLine(ctx, oldest.rec.Line)
	if err != nil {
		return err
	}
	line.Gaps = true
	g.put(schema.LineKey(oldest.rec.Line), line.Append(nil))
	for _, c := range append(slices.Clone(r.gone), r.stays) {
		if err := g.dropIndex(ctx, c); err != nil {
			return err
		}
	}
	for _, c := range r.gone {
		g.delete(schema.CommitKey(c.id))
		g.delete(schema.SeqKey(c.rec.Line, c.rec.Seq))
		g.put(schema.AliasKey(c.id), r.stays.id[:])
	}
	stays := *r.stays
	stays.rec.Parents = slices.Clone(stays.rec.Parents)
	stays.rec.Parents[0] = before.id
	// What branches hold of the commit still follows on one that has gone.
	for _, b := range g.store.branchesAt(stays.id) {
		if w := g.workOn(b); w.head.id == stays.id {
			w.head = &stays
		}
	}
	return g.putCommit(ctx, &stays, before)
}

// branchesAt returns the branches, and the workspaces of open commits, whose head is a commit.
func (s *Store) branchesAt(id schema.ID) []*branch {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var at []*branch
	for _, r := range s.repos {
		for _, b := range r.branches {
			if b.state.Load().head.id == id {
				at = append(at, b)
			}
		}
		for _, b := range r.open {
			if b.state.Load().head.id == id {
				at = append(at, b)
			}
		}
	}
	return at
}

// dropIndex deletes the rows of the path index of a commit.
func (g *group) dropIndex(ctx context.Context, c *commit) error {
	parent, err := g.store.loadCommit(ctx, c.rec.Parents[0])
	if err != nil || parent == nil {
		return cmp.Or(err, error(&Error{Op: "pfs.Thin", Kind: KindCorrupt, Ref: c.id.String()}))
	}
	rows, err := pathRows(ctx, c, parent, storedRoot)
	for _, row := range rows {
		g.delete(row.Key)
	}
	return err
}
