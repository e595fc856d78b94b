package pfs

import (
	"context"

	"pfsd/pfs/internal/schema"
)

// Merge brings the changes of source, since its history and that of target parted, into the branch target. Where they parted
// more than once, as when each was merged into the other, that is what a merge of the versions there would show. When target
// has no changes of its own since then, its head becomes source's commit; when source has none, nothing happens; else a commit with
// both as parents is made. What is pending on either is in a commit first. No content is moved, and the time it takes
// depends on how many changes there are. It returns the head of target.
//
// A path that both have changed in different ways is a conflict, unless resolve says otherwise: then the error is of
// KindConflict with a *ConflictError as its cause, and target is as it was. Other errors are as with Update, and what
// source gives rise to; KindInvalid when the two have no history in common, or target is an open commit.
func (s *Store) Merge(ctx context.Context, source, target Ref, by By, resolve Resolve) (Commit, error) {
	const op = "pfs.Merge"
	if _, err := s.Cut(ctx, source); err != nil {
		return Commit{}, err
	}
	theirs, err := s.resolve(ctx, op, source)
	if err != nil {
		return Commit{}, err
	}
	return s.rewriteBranch(ctx, op, target, by, func(w *working) error {
		if w.branch.open != nil {
			return &Error{Op: op, Kind: KindInvalid, Ref: target.String(), Err: errWorkspace}
		}
		if err := w.group.confirm(ctx, op, theirs); err != nil {
			return err
		}
		if theirs.rec.Repo != w.branch.repo.id {
			return &Error{Op: op, Kind: KindInvalid, Ref: source.String(), Err: errNoCommonHistory}
		}
		bases, err := s.mergeBases(ctx, []*commit{w.head}, theirs)
		switch {
		case err != nil:
			return err
		case len(bases) == 0:
			return &Error{Op: op, Kind: KindInvalid, Ref: source.String(), Err: errNoCommonHistory}
		case bases[0].id == theirs.id:
			return nil
		case bases[0].id == w.head.id:
			w.moveTo(theirs, becauseOf("merge "+source.String(), by.Message))
			return nil
		}
		base, err := w.group.baseOf(ctx, bases, maxBaseDepth)
		if err != nil {
			return err
		}
		return w.combine(ctx, by, combination{base: base, theirs: theirs.view, resolve: resolve, parent: theirs.id})
	})
}

// Revert undoes on a branch what a commit did, with a commit. In an open commit it is one more change, and the commit
// returned has a zero ID. Conflicts, errors and cost are as with Merge.
func (s *Store) Revert(ctx context.Context, commit, target Ref, by By, resolve Resolve) (Commit, error) {
	const op = "pfs.Revert"
	c, before, err := s.withParent(ctx, op, commit)
	if err != nil {
		return Commit{}, err
	}
	return s.rewriteBranch(ctx, op, target, by, func(w *working) error {
		return w.combine(ctx, by, combination{base: c.view, theirs: before, resolve: resolve})
	})
}

// CherryPick does on a branch what a commit did elsewhere, with a commit; in an open commit as with Revert. Conflicts, errors
// and cost are as with Merge.
func (s *Store) CherryPick(ctx context.Context, commit, target Ref, by By, resolve Resolve) (Commit, error) {
	const op = "pfs.CherryPick"
	c, before, err := s.withParent(ctx, op, commit)
	if err != nil {
		return Commit{}, err
	}
	return s.rewriteBranch(ctx, op, target, by, func(w *working) error {
		return w.combine(ctx, by, combination{base: before, theirs: c.view, resolve: resolve})
	})
}

// withParent returns a commit, and the root of its first parent; an empty one when there is none.
func (s *Store) withParent(ctx context.Context, op string, ref Ref) (*commit, view, error) {
	if _, err := s.Cut(ctx, ref); err != nil {
		return nil, view{}, err
	}
	c, err := s.resolve(ctx, op, ref)
	if err != nil {
		return nil, view{}, err
	}
	if len(c.rec.Parents) == 0 {
		return c, s.emptied(c.view), nil
	}
	parent, err := s.parent(ctx, c.rec.Parents[0])
	if err != nil {
		return nil, view{}, wrap(op, err, ref.String(), "")
	}
	return c, parent.view, nil
}

// rewriteBranch lets fn change what a branch shows, or the commit it is at, when nothing is pending on it; or what an open
// commit shows, all of which is pending until it is finished. It returns the head, of an open commit none, when that is on
// disk and known to watchers.
func (s *Store) rewriteBranch(ctx context.Context, op string, ref Ref, by By, fn func(w *working) error) (Commit, error) {
	if err := s.contents.Settle(ctx); err != nil {
		return Commit{}, wrap(op, err, ref.String(), "")
	}
	var w *working
	var announced *announcement
	err := s.committer.do(ctx, true, func(g *group) error {
		b, err := s.writable(op, ref)
		if err != nil {
			return err
		}
		w = g.workOn(b)
		if b.open == nil {
			if err := w.cutPending(ctx); err != nil {
				return err
			}
		}
		before := *w
		err = fn(w)
		if err == nil {
			err = w.noteMove(ctx, &before.state, by)
		}
		if err != nil {
			*w = before
			return wrap(op, err, ref.String(), "")
		}
		if w.head != before.head || w.pending != before.pending {
			announced = &announcement{by: by, event: Event{Origin: by.Origin, Changes: []PathChange{{Subtree: true}}}}
			w.events = append(w.events, announced)
		}
		return nil
	})
	if err != nil {
		return Commit{}, err
	}
	s.settle(ctx, announced)
	if w.branch.open != nil {
		return Commit{}, nil
	}
	return w.head.info(ref.Repo), nil
}

// combination is what is to be brought into a branch.
type combination struct {
	base, theirs view
	resolve      Resolve
	// parent is the commit's second parent, if it is to have one.
	parent schema.ID
}

// combine brings the changes of a combination into the branch, as a commit that is made when the group ends, or into an open
// commit. Without any, and without a second parent, it does nothing.
func (w *working) combine(ctx context.Context, by By, what combination) error {
	change, err := w.nextChange()
	if err != nil {
		return err
	}
	c := newCombiner(ctx, w.group.store, what.resolve, change, what.base, w.view, what.theirs)
	result, err := c.run()
	switch {
	case err != nil:
		return err
	case len(c.conflicts) > 0:
		return &Error{Op: "pfs.Merge", Kind: KindConflict, Err: &ConflictError{c.conflicts}}
	case len(c.changed) == 0 && what.parent.IsZero():
		return nil
	}
	now := max(w.group.now, w.head.rec.Time)
	w.view, w.changed = result, now
	next := pending{by: by, since: now}
	if w.branch.open != nil {
		next = *w.pending
		if !w.unsaved {
			next.since = w.group.now
		}
	}
	next.change, next.time, next.needs = change, now, next.needs|c.needs
	w.pending = &next
	if !what.parent.IsZero() {
		w.group.store.names++
		w.pending.parents = []schema.ID{what.parent}
	}
	w.must = true
	return nil
}
