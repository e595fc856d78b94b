package pfs

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// lateBranch is a branch that may not go on from where its record says: later commits are on its line, or another branch has the line,
// too, as when a rename is lost in part.
type lateBranch struct {
	branch *branch
	// last is the last commit on the line that can be read, of those that the branch does not know; nil when there is none.
	last *commit
}

// findLate returns the branches whose newest record was lost in a salvage, or that share a line. It is called before anything
// changes branches, and sees to it that the changes pending on them are not committed until catchUp has moved them.
func (s *Store) findLate(ctx context.Context) (late []lateBranch, err error) {
	held, err := s.salvaged(ctx)
	if err != nil || held == nil || len(held.Lost) == 0 {
		return nil, err
	}
	branches := s.branchesByLine(held.Lost)
	later, err := s.laterCommits(ctx, branches)
	if err != nil {
		return nil, err
	}
	taken := map[uint64]bool{}
	for _, b := range branches {
		st := b.state.Load()
		ids := later.after(st.line, st.seq)
		if len(ids) == 0 && !taken[st.line] {
			taken[st.line] = true
			continue
		}
		last, err := s.firstReadable(ctx, ids)
		if err != nil {
			return nil, err
		}
		delete(s.pending, b)
		late = append(late, lateBranch{b, last})
	}
	return late, nil
}

// catchUp moves branches to the last commit that was made on them, or to a line of their own: so that no commit is given a place
// that is taken. It notes what it did in caughtUp.
func (s *Store) catchUp(ctx context.Context, late []lateBranch) error {
	for _, l := range late {
		if err := s.moveOn(ctx, l); err != nil {
			return err
		}
		line := fmt.Sprintf("%s is at commit %s now, the last that was made on it and can be read: a record of it is lost",
			BranchRef(l.branch.repo.name, l.branch.name), l.branch.state.Load().head.id)
		s.log.Warn("a branch was moved on", "why", line)
		s.caughtUp = append(s.caughtUp, line)
	}
	return nil
}

// branchesByLine returns the branches of all repos, those first that have the best claim on a line: with pending changes, and with
// a record of which no newer one can be lost.
func (s *Store) branchesByLine(lost []schema.LostRows) []*branch {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*branch
	for _, r := range s.repos {
		for _, b := range r.branches {
			all = append(all, b)
		}
	}
	claim := func(b *branch) int {
		switch {
		case b.state.Load().pending != nil:
			return 0
		case !mayBeLost(lost, schema.BranchKey(b.repo.id, b.name)):
			return 1
		}
		return 2
	}
	slices.SortFunc(all, func(a, b *branch) int {
		return cmp.Or(claim(a)-claim(b), cmp.Compare(a.repo.name, b.repo.name), cmp.Compare(a.name, b.name))
	})
	return all
}

// placed is a commit and its place on a line.
type placed struct {
	seq uint64
	id  schema.ID
}

// laterCommits are commits by their lines.
type laterCommits map[uint64][]placed

// after returns the commits on a line behind a place, the last first.
func (l laterCommits) after(line, seq uint64) (ids []schema.ID) {
	slices.SortFunc(l[line], func(a, b placed) int { return cmp.Compare(b.seq, a.seq) })
	for _, p := range l[line] {
		if p.seq > seq {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// laterCommits returns the commits that are on the lines of branches, and of which some branch of the line does not know. Their
// records tell, and the rows of their places: either can be lost.
func (s *Store) laterCommits(ctx context.Context, branches []*branch) (laterCommits, error) {
	known := map[uint64]uint64{}
	for _, b := range branches {
		st := b.state.Load()
		if seq, ok := known[st.line]; !ok || st.seq < seq {
			known[st.line] = st.seq
		}
	}
	later := laterCommits{}
	add := func(line, seq uint64, id schema.ID) {
		if first, ok := known[line]; ok && seq > first {
			later[line] = append(later[line], placed{seq, id})
		}
	}
	err := s.kv.View(ctx, func(r kv.Reader) error {
		err := eachRow(r, schema.CommitPrefix(), func(row kv.Row) error {
			if rec, err := schema.DecodeCommit(row.Value); err == nil {
				add(rec.Line, rec.Seq, schema.ID(row.Key[1:]))
			}
			return nil
		})
		if err != nil {
			return err
		}
		return eachRow(r, schema.AllSeqs(), func(row kv.Row) error {
			line, ok := schema.ParseLineKey(row.Key)
			seq, ok2 := schema.ParseSeqKey(row.Key)
			if ok && ok2 && len(row.Value) == len(schema.ID{}) {
				add(line, seq, schema.ID(row.Value))
			}
			return nil
		})
	})
	return later, err
}

// firstReadable returns the first of some commits whose record and root can be read; nil when there is none.
func (s *Store) firstReadable(ctx context.Context, ids []schema.ID) (*commit, error) {
	for _, id := range ids {
		c, err := s.loadCommit(ctx, id)
		if err == nil && c != nil && !c.rec.Root.Root.IsZero() {
			err = s.trees.Verify(ctx, c.rec.Root.Root)
		}
		if classify(err) == KindCorrupt || KindOf(err) == KindCorrupt {
			continue
		}
		if err != nil || c != nil {
			return c, err
		}
	}
	return nil, nil
}

// moveOn moves a branch to the last commit on its line, or to its own head, on a new line.
func (s *Store) moveOn(ctx context.Context, l lateBranch) error {
	return s.committer.do(ctx, true, func(g *group) error {
		w := g.workOn(l.branch)
		if l.last == nil {
			w.line, w.seq, w.moved = g.putLine(l.branch.repo, w.head), 0, true
			return nil
		}
		// What was pending is in a commit on the line, or was replaced by one.
		before := w.state
		w.pending, w.unsaved = nil, false
		w.moveTo(l.last, "salvage: the newest record of the branch was lost")
		w.events = append(w.events, &announcement{event: Event{Changes: []PathChange{{Subtree: true}}}, unawaited: true})
		return w.noteMove(ctx, &before, By{})
	})
}
