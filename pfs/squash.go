package pfs

import (
	"context"
	"errors"
	"maps"
	"slices"
)

var errManyAfter = errors.New("too many commits come after the range to be made anew in one step: squash on a branch that ends earlier")

// Squash replaces the commits of a branch after the one that since names, up to and with the one that until names or, when that
// is the zero Ref, the last one, by one that changes all that they changed. Those after it are made anew, each with its time,
// author and message, as far as they change anything. All that are replaced can be read by their ids as long as those that
// Reset leaves. Errors are as with Update, and what since and until give rise to; KindCommitNotFound when since is not in the
// history of until or that not in the branch's, KindInvalid when there are too many commits after the range, or branch is an
// open commit.
func (s *Store) Squash(ctx context.Context, branch, since, until Ref, by By) (Rewritten, error) {
	const op = "pfs.Squash"
	base, err := s.resolve(ctx, op, since)
	if err != nil {
		return Rewritten{}, err
	}
	var end *commit
	if until != (Ref{}) {
		if end, err = s.resolve(ctx, op, until); err != nil {
			return Rewritten{}, err
		}
	}
	return s.moveBranch(ctx, op, branch, by, func(w *working) error {
		last := end
		if last == nil {
			last = w.head
		}
		if err := s.expectOrder(ctx, op, w.head, last, until); err != nil {
			return err
		}
		if err := s.expectOrder(ctx, op, last, base, since); err != nil {
			return err
		}
		if base.id == last.id {
			return nil
		}
		return w.squash(ctx, by, base, last, squashOf(since, until))
	})
}

// expectOrder fails unless a commit, which ref names, is in the history of another.
func (s *Store) expectOrder(ctx context.Context, op string, later, c *commit, ref Ref) error {
	in, err := s.inHistory(ctx, later, c)
	if err == nil && !in {
		err = &Error{Op: op, Kind: KindCommitNotFound, Ref: ref.String(), Err: errNotInHistory}
	}
	return err
}

// squashOf returns what a squash of a range is called.
func squashOf(since, until Ref) string {
	if until == (Ref{}) {
		return "squash of all since " + since.String()
	}
	return "squash of all since " + since.String() + " until " + until.String()
}

// squash makes the branch go on from base with one commit of all up to last, and with those after that as they were.
func (w *working) squash(ctx context.Context, by By, base, last *commit, why string) (err error) {
	after, err := w.after(ctx, last)
	if err != nil {
		return err
	}
	g := w.group
	before := *g
	rows := maps.Clone(g.rows)
	defer func() {
		if err != nil { // no commit of those made stays
			g.rows, g.bytes, g.counters = rows, before.bytes, before.counters
		}
	}()
	w.moveTo(base, becauseOf(why, by.Message))
	if err := w.combine(ctx, by, combination{base: base.view, theirs: last.view}); err != nil {
		return err
	}
	if len(after) > 0 && w.pending != nil {
		w.pending.time = last.rec.Time // so that those after it can keep theirs
	}
	for was := last; len(after) > 0; after = after[1:] {
		if err := w.cutPending(ctx); err != nil {
			return err
		}
		if g.bytes-before.bytes > groupBytes || len(g.rows)-len(rows) > groupRows {
			return &Error{Op: "pfs.Squash", Kind: KindInvalid, Err: errManyAfter}
		}
		if err := w.again(ctx, was, after[0]); err != nil {
			return err
		}
		was = after[0]
	}
	return nil
}

// after returns the commits of the branch after one of them, the oldest first; more are not looked for than can be made anew.
func (w *working) after(ctx context.Context, c *commit) ([]*commit, error) {
	var after []*commit
	for at := w.head; at.id != c.id; {
		if len(after) > groupRows {
			return nil, &Error{Op: "pfs.Squash", Kind: KindInvalid, Err: errManyAfter}
		}
		after = append(after, at)
		var err error
		if at, err = w.group.store.parent(ctx, at.rec.Parents[0]); err != nil {
			return nil, err
		}
	}
	slices.Reverse(after)
	return after, nil
}

// again makes what a commit changed since the one before it, was, pending on the branch, which shows what that one shows.
func (w *working) again(ctx context.Context, was, c *commit) error {
	by := By{Origin: Origin(c.rec.Origin), Author: c.rec.Author, Message: c.rec.Message}
	what := combination{base: was.view, theirs: c.view}
	if len(c.rec.Parents) > 1 {
		what.parent = c.rec.Parents[1]
	}
	if err := w.combine(ctx, by, what); err != nil || w.pending == nil {
		return err
	}
	w.pending.time = max(c.rec.Time, w.head.rec.Time)
	return nil
}
