package pfs

import (
	"cmp"
	"context"

	"pfsd/pfs/internal/schema"
)

// RenameRepo gives a repo another name; its history, branches, tags, open commits and uploads stay what they are. The error
// is of KindRepoNotFound, KindInvalid or KindExists.
func (s *Store) RenameRepo(ctx context.Context, from, to string) (Repo, error) {
	const op = "pfs.RenameRepo"
	if err := CheckRefName(to); err != nil {
		return Repo{}, err
	}
	var made *repo
	var announced []*announcement
	err := s.committer.do(ctx, true, func(g *group) error {
		r := s.repo(from)
		switch {
		case r == nil:
			return &Error{Op: op, Kind: KindRepoNotFound, Ref: from}
		case from == to:
			made = r
			return nil
		case s.repo(to) != nil:
			return &Error{Op: op, Kind: KindExists, Ref: to}
		case s.damaged[to] != nil:
			return s.damaged[to]
		}
		rec := schema.RepoRecord{ID: r.id, Created: r.created}
		g.delete(schema.RepoKey(from))
		g.put(schema.RepoKey(to), rec.Append(nil))
		made, announced = g.renamedRepo(r, to)
		return nil
	})
	if err != nil {
		return Repo{}, err
	}
	for _, a := range announced {
		s.settle(ctx, a)
	}
	return made.info(), nil
}

// renamedRepo returns the repo as it will be under another name. What readers hold of the old one stays as it was.
func (g *group) renamedRepo(r *repo, to string) (*repo, []*announcement) {
	made := newRepo(to, schema.RepoRecord{ID: r.id, Created: r.created})
	made.damaged = r.damaged
	for name, tag := range r.tags {
		made.tags[name] = tag
	}
	var announced []*announcement
	moved := map[*branch]*branch{}
	for name, b := range r.branches {
		made.branches[name] = b.as(made, name)
		moved[b] = made.branches[name]
	}
	for id, b := range r.open {
		made.open[id] = b.as(made, b.name)
		moved[b] = made.open[id]
	}
	for b, next := range moved {
		announced = append(announced, g.announceMove(b, next))
	}
	g.publish = append(g.publish, func() {
		g.store.mu.Lock()
		defer g.store.mu.Unlock()
		delete(g.store.repos, r.name)
		g.store.repos[to] = made
		for b, next := range moved {
			g.store.watchers.move(b, next)
		}
	})
	return made, announced
}

// as returns the branch under another repo or name.
func (b *branch) as(r *repo, name string) *branch {
	moved := &branch{repo: r, name: name, created: b.created, bare: b.bare, keep: b.keep, open: b.open}
	moved.state.Store(b.state.Load())
	moved.settings.Store(b.settings.Load())
	return moved
}

// announceMove tells the watchers that have been waiting for a branch of the name that one gets, and keeps account of what
// is pending. Its own watchers are to follow it once it can be found.
func (g *group) announceMove(from, to *branch) *announcement {
	made := &announcement{event: Event{Changes: []PathChange{{Subtree: true}}}}
	g.publish = append(g.publish, func() {
		g.store.notePending(from, true)
		g.store.notePending(to, false)
		g.store.watchers.announce(to.repo.name, to.name, made)
	})
	return made
}

// RenameBranch gives a branch another name in the same repo. Its open commits go with it; its uploads are ended. The error
// is of KindRepoNotFound, KindBranchNotFound, KindReadOnly, KindInvalid, or KindExists when there is a branch or tag of that
// name.
func (s *Store) RenameBranch(ctx context.Context, ref Ref, to string) (Branch, error) {
	if err := cmp.Or(CheckRefName(ref.Repo), CheckRefName(to)); err != nil {
		return Branch{}, err
	}
	b, err := s.renameable(ref, to)
	if err == nil && b.name != to {
		err = s.abortUploads(ctx, b)
	}
	if err != nil {
		return Branch{}, err
	}
	var made *branch
	var announced *announcement
	err = s.committer.do(ctx, true, func(g *group) error {
		b, err := s.renameable(ref, to)
		if err != nil || b.name == to {
			made = b
			return err
		}
		if err := cmp.Or(g.dropUploads(ctx, b), g.moveOpen(ctx, b, to)); err != nil {
			return err
		}
		w := g.workOn(b)
		if err := w.cutPending(ctx); err != nil {
			return err
		}
		w.moved, w.deleted = false, true
		st := w.state
		made = b.as(b.repo, to)
		made.state.Store(&st)
		made.put(g, &st)
		g.delete(schema.BranchKey(b.repo.id, b.name))
		announced = g.announceMove(b, made)
		g.publish = append(g.publish, func() {
			s.addBranch(made)
			s.watchers.move(b, made)
		})
		return nil
	})
	if err != nil {
		return Branch{}, err
	}
	s.settle(ctx, announced)
	return made.info(), nil
}

// renameable returns the branch that ref names when it can be given a name; its own is one.
func (s *Store) renameable(ref Ref, to string) (*branch, error) {
	const op = "pfs.RenameBranch"
	b, err := s.writable(op, ref)
	target := BranchRef(ref.Repo, to)
	switch {
	case err != nil:
		return nil, err
	case b.open != nil:
		return nil, &Error{Op: op, Kind: KindInvalid, Ref: ref.String()}
	case b.name == to:
		return b, nil
	case s.isBranch(target), s.isTag(target):
		return nil, &Error{Op: op, Kind: KindExists, Ref: target.String()}
	}
	return b, nil
}

// moveOpen makes the open commits of a branch those of the name that it is about to get. What is stored of their changes
// stays as it is: only the name in their records changes.
func (g *group) moveOpen(ctx context.Context, b *branch, to string) error {
	for id, old := range b.repo.open {
		if old.open.branch != b.name {
			continue
		}
		value, err := g.store.getRow(ctx, schema.OpenKey(id))
		if err != nil {
			return err
		}
		rec, err := schema.DecodeOpenCommit(value)
		if err != nil {
			return corruptRow("open commit "+id.String(), err)
		}
		rec.Branch = to
		g.put(schema.OpenKey(id), rec.Append(nil))
		moved := old.as(b.repo, old.name)
		open := *old.open
		open.branch = to
		moved.open = &open
		g.publish = append(g.publish, func() {
			g.store.notePending(old, true)
			g.store.notePending(moved, false)
			g.store.setOpen(moved, true)
			g.store.watchers.move(old, moved)
		})
	}
	return nil
}
