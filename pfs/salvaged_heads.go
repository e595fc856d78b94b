package pfs

import (
	"context"
	"fmt"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// catchUp moves each branch whose newest record was lost in a salvage on to the last commit that was made on it: no other branch
// makes commits on its line. So no later commit is given a place that is taken. It returns what it did, a line for each branch.
func (s *Store) catchUp(ctx context.Context) (moved []string, err error) {
	held, err := s.salvaged(ctx)
	if err != nil || held == nil || len(held.Lost) == 0 {
		return nil, err
	}
	for _, b := range s.allBranches() {
		st := b.state.Load()
		last, behind, err := s.lastOn(ctx, st)
		if err != nil {
			return moved, err
		}
		if !behind {
			continue
		}
		if err := s.moveOn(ctx, b, st, last); err != nil {
			return moved, err
		}
		line := fmt.Sprintf("%s is at commit %s now, the last that was made on it and can be read: its newest record is lost",
			BranchRef(b.repo.name, b.name), b.state.Load().head.id)
		s.log.Warn("a branch was moved on", "why", line)
		moved = append(moved, line)
	}
	return moved, nil
}

// allBranches returns the branches of all repos.
func (s *Store) allBranches() []*branch {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*branch
	for _, r := range s.repos {
		for _, b := range r.branches {
			all = append(all, b)
		}
	}
	return all
}

// lastOn returns the last commit on the line of a branch that can be read, and reports whether there are any that are later than
// the branch knows.
func (s *Store) lastOn(ctx context.Context, st *state) (last *commit, behind bool, err error) {
	var ids []schema.ID
	err = s.kv.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(schema.SeqPrefix(st.line), nil, true) {
			if err != nil {
				return err
			}
			seq, ok := schema.ParseSeqKey(row.Key)
			if !ok || seq <= st.seq || len(row.Value) != len(schema.ID{}) {
				return nil
			}
			ids = append(ids, schema.ID(row.Value))
		}
		return nil
	})
	for _, id := range ids {
		if last != nil || err != nil {
			break
		}
		last, err = s.readable(ctx, id)
	}
	return last, len(ids) > 0, err
}

// readable returns the commit with an id, or nil when its record or its root cannot be read.
func (s *Store) readable(ctx context.Context, id schema.ID) (*commit, error) {
	c, err := s.loadCommit(ctx, id)
	if err == nil && c != nil && !c.rec.Root.Root.IsZero() {
		err = s.trees.Verify(ctx, c.rec.Root.Root)
	}
	if classify(err) == KindCorrupt || KindOf(err) == KindCorrupt {
		return nil, nil
	}
	return c, err
}

// moveOn moves a branch from the state st to a commit; to its own head, on a new line, when that is nil.
func (s *Store) moveOn(ctx context.Context, b *branch, st *state, to *commit) error {
	return s.committer.do(ctx, true, func(g *group) error {
		w := g.workOn(b)
		if w.line != st.line || w.seq != st.seq {
			return nil // somebody has moved it meanwhile
		}
		if to == nil {
			w.line, w.seq, w.moved = g.putLine(b.repo, w.head), 0, true
			return nil
		}
		// What was pending is in a commit on the line, or was replaced by one.
		before := w.state
		w.pending, w.unsaved = nil, false
		w.moveTo(to, "salvage: the newest record of the branch was lost")
		w.events = append(w.events, &announcement{event: Event{Changes: []PathChange{{Subtree: true}}}, unawaited: true})
		return w.noteMove(ctx, &before, By{})
	})
}
