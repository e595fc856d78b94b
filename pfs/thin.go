package pfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pfsd/pfs/internal/schema"
)

// KeepForever is the policy that keeps every automatic commit.
const KeepForever = "forever"

// DefaultKeep is the policy of a branch for which none was set.
const DefaultKeep = "24h:1h,168h:24h"

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
	runs, err := s.thinnable(ctx, b, policy, &named{})
	var gone []CommitID
	for _, run := range runs {
		gone = append(gone, run.gone...)
	}
	return gone, wrap(op, err, ref.String(), "")
}

// Thin removes the automatic commits of a branch for which its policy has no room, and returns their ids, newest first;
// with dryRun it only returns them. What they showed is gone, unless the next one that stays shows it too, which takes
// their place: their ids stand for that one from then on. Commits by S3 and the command line, tagged ones, those on which a
// branch, an open commit or a merge rests, and the head stay. So do all after a salvage, until a GC with AfterSalvage.
func (s *Store) Thin(ctx context.Context, ref Ref, dryRun bool) ([]CommitID, error) {
	return s.thin(ctx, ref, &named{}, dryRun)
}

// thin is Thin for one that may know already what is named.
func (s *Store) thin(ctx context.Context, ref Ref, known *named, dryRun bool) ([]CommitID, error) {
	const op = "pfs.Thin"
	if held, err := s.salvaged(ctx); err != nil || held != nil && !dryRun {
		return nil, wrap(op, err, ref.String(), "")
	}
	s.thinning.Lock()
	defer s.thinning.Unlock()
	var gone []CommitID
	for {
		some, err := s.thinSome(ctx, ref, known, dryRun)
		gone = append(gone, some...)
		if !errors.Is(err, errNamed) {
			return gone, wrap(op, err, ref.String(), "")
		}
		*known = named{}
	}
}

// errNamed says that a commit may have been named since it was found that none was.
var errNamed = errors.New("pfs: a name was given meanwhile")

// thinSome is Thin until somebody gives a commit a name, which fails with errNamed.
func (s *Store) thinSome(ctx context.Context, ref Ref, known *named, dryRun bool) (gone []CommitID, err error) {
	b, err := s.writable("pfs.Thin", ref)
	if err != nil {
		return nil, err
	}
	runs, err := s.thinnable(ctx, b, s.keepOf(b), known)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		n := len(run.gone)
		if !dryRun {
			n, err = s.thinRun(ctx, run, known.names)
		}
		gone = append(gone, run.gone[:n]...)
		if err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// thinRun takes a run out, in as many transactions as that needs, unless the number of names ever given is no longer the
// given one. It returns how many of its commits have gone.
func (s *Store) thinRun(ctx context.Context, r run, names uint64) (gone int, err error) {
	for gone < len(r.gone) {
		n := 0
		err := s.committer.do(ctx, true, func(g *group) (err error) {
			if s.names != names {
				return errNamed
			}
			n, err = g.thin(ctx, r.gone[gone:], r.stays)
			return err
		})
		if err != nil {
			return gone, err
		}
		s.thinned.Add(1)
		for _, id := range append(slices.Clone(r.gone[gone:gone+n]), r.stays) {
			s.commits.Remove(id)
		}
		gone += n
	}
	return gone, nil
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
			s.thinPass(ctx)
		}
	}
}

// thinPass applies the policies of all branches. One for which that fails does not hold up the others.
func (s *Store) thinPass(ctx context.Context) {
	branches, err := s.Branches(ctx, "")
	if err != nil {
		s.log.Warn("thinning out of automatic commits failed", "err", err)
	}
	var known named
	for _, b := range branches {
		ref := BranchRef(b.Repo, b.Name)
		_, err := s.thin(ctx, ref, &known, false)
		if ctx.Err() != nil {
			return
		}
		if err != nil && KindOf(err) != KindBranchNotFound && KindOf(err) != KindRepoNotFound {
			s.log.Warn("thinning out of automatic commits failed", "branch", ref.String(), "err", err)
		}
	}
}

// thin takes commits of a run out, of which it is given the newest first, beginning with that: as many as one transaction has
// room for, and one at least. It lets the one that stays follow on the one before them, and returns how many have gone.
func (g *group) thin(ctx context.Context, gone []schema.ID, staying schema.ID) (n int, err error) {
	stays, err := g.storedCommit(ctx, staying)
	if err != nil {
		return 0, err
	}
	rows, err := g.indexKeys(ctx, stays)
	if err != nil {
		return 0, err
	}
	g.dropRows(rows)
	oldest := stays
	for _, id := range gone {
		c, err := g.storedCommit(ctx, id)
		if err != nil {
			return 0, err
		}
		if rows, err = g.indexKeys(ctx, c); err != nil {
			return 0, err
		}
		if n > 0 && !g.hasRoom(rows) {
			break
		}
		g.dropRows(rows)
		g.delete(schema.CommitKey(id))
		g.delete(schema.SeqKey(c.rec.Line, c.rec.Seq))
		g.put(schema.AliasKey(id), staying[:])
		oldest = c
		n++
	}
	return n, g.follow(ctx, stays, oldest.rec.Parents[0])
}

// hasRoom reports whether the group may take in the deletion of some rows.
func (g *group) hasRoom(keys [][]byte) bool {
	size := g.bytes
	for _, key := range keys {
		size += len(key)
	}
	return size <= groupBytes && len(g.rows)+len(keys) <= groupRows
}

// follow stores a commit anew as one that follows on another one of its line, with none in between any more.
func (g *group) follow(ctx context.Context, c *commit, parent schema.ID) error {
	before, err := g.storedCommit(ctx, parent)
	if err != nil {
		return err
	}
	line, err := g.store.loadLine(ctx, c.rec.Line)
	if err != nil {
		return err
	}
	line.Gaps = true
	g.put(schema.LineKey(c.rec.Line), line.Append(nil))
	c.rec.Parents = slices.Clone(c.rec.Parents)
	c.rec.Parents[0] = before.id
	// What branches hold of the commit still follows on one that has gone.
	for _, b := range g.store.branchesAt(c.id) {
		if w := g.workOn(b); w.head.id == c.id {
			w.head = c
		}
	}
	return g.putCommit(ctx, c, before)
}

// storedCommit returns a commit as its row has it, which may be newer than what is in memory.
func (g *group) storedCommit(ctx context.Context, id schema.ID) (*commit, error) {
	value, err := g.store.getRow(ctx, schema.CommitKey(id))
	if err == nil && value == nil {
		err = schema.ErrInvalid
	}
	if err != nil {
		return nil, &Error{Op: "pfs.Thin", Kind: KindCorrupt, Ref: id.String(), Err: err}
	}
	return g.store.decodeCommit(ctx, id, value)
}

// indexKeys returns the keys of the rows of the path index of a commit.
func (g *group) indexKeys(ctx context.Context, c *commit) ([][]byte, error) {
	parent, err := g.storedCommit(ctx, c.rec.Parents[0])
	if err != nil {
		return nil, err
	}
	rows, err := pathRows(ctx, c, parent, storedRoot)
	keys := make([][]byte, len(rows))
	for i, row := range rows {
		keys[i] = row.Key
	}
	return keys, err
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
