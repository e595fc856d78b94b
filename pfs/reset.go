package pfs

import (
	"context"
	"errors"
	"time"
)

var (
	errNoCommonHistory = errors.New("the two have no commit in common, so that it cannot be told what changed: copy the files instead")
	errNotInHistory    = errors.New("the commit is not in the history of the branch")
	errWorkspace       = errors.New("an open commit has no history of its own: finish it first, then name its branch")
)

// Rewritten is the head of a branch that Reset or Squash may have moved, and the head that it had before.
type Rewritten struct {
	Commit
	// Was is the head before, with what was pending; the same as ID when the branch was not moved.
	Was CommitID
	// Until is when Was may be collected as garbage; the zero time when a name leads to it.
	Until time.Time
}

// Reset makes a commit of the same repo the head of a branch, which then shows that and nothing else. The commits that
// are no longer in its history can be read by their ids for Options.Grace, or until they have been collected by a GC with a
// shorter one; Reflog and LeftBehind list them. What was pending is in a commit, too. Errors are as with Update, and what to
// gives rise to; KindInvalid when branch is an open commit.
func (s *Store) Reset(ctx context.Context, branch, to Ref, by By) (Rewritten, error) {
	const op = "pfs.Reset"
	if _, err := s.Cut(ctx, to); err != nil {
		return Rewritten{}, err
	}
	c, err := s.resolve(ctx, op, to)
	if err != nil {
		return Rewritten{}, err
	}
	return s.moveBranch(ctx, op, branch, by, func(w *working) error {
		switch {
		case c.rec.Repo != w.branch.repo.id:
			return &Error{Op: op, Kind: KindCommitNotFound, Ref: to.String()}
		case c.id != w.head.id:
			if err := w.group.confirm(ctx, op, c); err != nil {
				return err
			}
			w.moveTo(c, becauseOf("reset to "+to.String(), by.Message))
		}
		return nil
	})
}

// moveBranch is rewriteBranch for a branch that fn may move to another commit.
func (s *Store) moveBranch(ctx context.Context, op string, ref Ref, by By, fn func(w *working) error) (Rewritten, error) {
	var was CommitID
	made, err := s.rewriteBranch(ctx, op, ref, by, func(w *working) error {
		if w.branch.open != nil {
			return &Error{Op: op, Kind: KindInvalid, Ref: ref.String(), Err: errWorkspace}
		}
		was = w.head.id
		return fn(w)
	})
	if err != nil || was == made.ID {
		return Rewritten{Commit: made, Was: was}, err
	}
	moved := Rewritten{Commit: made, Was: was}
	// The branch has been moved, whatever can be told of the commit that it left.
	if _, left, err := s.stayOf(ctx, was); err != nil {
		s.log.Warn("it cannot be told how long a commit stays", "commit", was.String(), "err", err)
	} else if !left.named {
		moved.Until = left.end()
	}
	return moved, nil
}
