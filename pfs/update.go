package pfs

import (
	"context"
)

// Update runs fn in a transaction on a branch. It returns when the changes are in a commit, the commit and the contents
// that it links are on disk, and the watchers of the branch have acted on it or had SettleTimeout for that. Changes that
// were pending on the branch are in a commit before it. Concurrent updates of different paths by the same author may share
// a commit.
//
// fn does no I/O of its own, and may be run again. Its error comes back unchanged, and nothing is written then. When fn
// changes nothing, and in an open commit, no commit is made, and the one returned has a zero ID. Other errors are of KindRepoNotFound,
// KindBranchNotFound, KindReadOnly (ref is no branch), KindNoSpace, KindClosed or KindInternal; then nothing was written.
func (s *Store) Update(ctx context.Context, ref Ref, by By, fn func(*Tx) error) (Commit, error) {
	const op = "pfs.Update"
	if err := s.contents.Settle(ctx); err != nil {
		return Commit{}, wrap(op, err, ref.String(), "")
	}
	var made *commit
	var announced *announcement
	err := s.committer.do(ctx, false, func(g *group) error {
		b, err := s.writable(op, ref)
		if err != nil {
			return err
		}
		made, announced, err = g.workOn(b).update(ctx, by, fn)
		return err
	})
	if err != nil {
		return Commit{}, err
	}
	s.settle(ctx, announced)
	if made == nil {
		return Commit{}, nil
	}
	return made.info(ref.Repo), nil
}

// Apply runs fn in a transaction on a branch and returns when its changes are visible. They are in a commit, and on disk,
// within Options.CutAfter, or after the next Sync, Cut or Update of the branch. It never waits for a watcher. fn and the
// errors are as with Update.
func (s *Store) Apply(ctx context.Context, ref Ref, by By, fn func(*Tx) error) error {
	const op = "pfs.Apply"
	return s.committer.do(ctx, false, func(g *group) error {
		b, err := s.writable(op, ref)
		if err != nil {
			return err
		}
		return g.workOn(b).apply(ctx, by, fn)
	})
}

// Cut makes a commit of the changes pending on a branch, if there are any, and returns the head when it is on disk. Of a
// ref that is no branch it returns the commit; an open commit it only makes durable, and returns no commit. The errors are as with Update.
func (s *Store) Cut(ctx context.Context, ref Ref) (Commit, error) {
	const op = "pfs.Cut"
	if s.workspaceOf(ref) != nil {
		return Commit{}, s.Sync(ctx, ref)
	}
	if !ref.IsBranch() {
		if ref.Name != "" {
			if _, err := s.Cut(ctx, BranchRef(ref.Repo, ref.Name)); err != nil {
				return Commit{}, err
			}
		}
		return s.Commit(ctx, ref)
	}
	b, err := s.branch(op, ref)
	if KindOf(err) == KindBranchNotFound {
		return s.Commit(ctx, ref)
	}
	if err != nil {
		return Commit{}, err
	}
	if b.state.Load().pending != nil {
		if err := s.contents.Settle(ctx); err != nil {
			return Commit{}, wrap(op, err, ref.String(), "")
		}
		err = s.committer.do(ctx, false, func(g *group) error {
			b, err := s.branch(op, ref)
			if err == nil {
				g.workOn(b).must = true
			}
			return err
		})
		if err != nil {
			return Commit{}, err
		}
	}
	return b.state.Load().head.info(ref.Repo), nil
}

// Sync makes the changes pending on a branch durable, without a commit. The errors are as with Update.
func (s *Store) Sync(ctx context.Context, ref Ref) error {
	const op = "pfs.Sync"
	b, err := s.writable(op, ref)
	if err != nil {
		return err
	}
	if b.state.Load().pending == nil {
		return nil
	}
	if err := s.contents.Settle(ctx); err != nil {
		return wrap(op, err, ref.String(), "")
	}
	return s.committer.do(ctx, false, func(g *group) error {
		b, err := s.writable(op, ref)
		if err == nil {
			g.workOn(b).save = true
		}
		return err
	})
}

// writable returns the branch that ref names for a change.
func (s *Store) writable(op string, ref Ref) (*branch, error) {
	if b := s.workspaceOf(ref); b != nil {
		return b, nil
	}
	if !ref.IsBranch() {
		return nil, &Error{Op: op, Kind: KindReadOnly, Ref: ref.String()}
	}
	b, err := s.branch(op, ref)
	if KindOf(err) == KindBranchNotFound && s.isTag(ref) {
		err = &Error{Op: op, Kind: KindReadOnly, Ref: ref.String()}
	}
	return b, err
}
