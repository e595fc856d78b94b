package pfs

import (
	"context"
	"errors"
)

var (
	errNoCommonHistory = errors.New("the two have no commit in common, so that it cannot be told what changed: copy the files instead")
	errNotInHistory    = errors.New("the commit is not in the history of the branch")
	errWorkspace       = errors.New("an open commit has no history of its own: finish it first, then name its branch")
)

// Reset makes a commit of the same repo the head of a branch, which then shows that and nothing else. The commits that
// are no longer in its history stay readable by their ids. What was pending is in a commit, too. It returns the new head. Errors
// are as with Update, and what to gives rise to; KindInvalid when branch is an open commit.
func (s *Store) Reset(ctx context.Context, branch, to Ref, by By) (Commit, error) {
	const op = "pfs.Reset"
	if _, err := s.Cut(ctx, to); err != nil {
		return Commit{}, err
	}
	c, err := s.resolve(ctx, op, to)
	if err != nil {
		return Commit{}, err
	}
	return s.rewriteBranch(ctx, op, branch, by, func(w *working) error {
		switch {
		case w.branch.open != nil:
			return &Error{Op: op, Kind: KindInvalid, Ref: branch.String(), Err: errWorkspace}
		case c.rec.Repo != w.branch.repo.id:
			return &Error{Op: op, Kind: KindCommitNotFound, Ref: to.String()}
		case c.id != w.head.id:
			if err := w.group.confirm(ctx, op, c); err != nil {
				return err
			}
			w.moveTo(c)
		}
		return nil
	})
}
