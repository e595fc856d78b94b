package pfs

import (
	"cmp"
	"context"
	"slices"

	"pfsd/pfs/internal/schema"
)

// BranchOptions say how a branch is made.
type BranchOptions struct {
	// From is the version that the branch starts from; the zero Ref for an empty branch.
	From Ref
	// CreateRepo makes the repo, with no other branch in it, when it is missing.
	CreateRepo bool
	// Bare is kept with the branch: it was made by its repo's name alone.
	Bare bool
	// Owner owns the root of an empty branch.
	Owner Owner
	// By is who makes it.
	By By
}

// CreateBranch makes a branch; from a version it takes the same time and space whatever is in it. The error is of
// KindInvalid for a bad name, KindExists when the repo has a branch or tag of this name, KindRepoNotFound, or what From
// gave rise to.
func (s *Store) CreateBranch(ctx context.Context, ref Ref, o BranchOptions) (Branch, error) {
	const op = "pfs.CreateBranch"
	if !ref.IsBranch() {
		return Branch{}, &Error{Op: op, Kind: KindInvalid, Ref: ref.String()}
	}
	if err := cmp.Or(CheckRefName(ref.Repo), CheckRefName(ref.Name)); err != nil {
		return Branch{}, err
	}
	var from *commit
	if o.From != (Ref{}) {
		if _, err := s.Cut(ctx, o.From); err != nil {
			return Branch{}, err
		}
		var err error
		if from, err = s.resolve(ctx, op, o.From); err != nil {
			return Branch{}, err
		}
	}
	var made *branch
	var announced *announcement
	err := s.committer.do(ctx, true, func(g *group) (err error) {
		if made, err = g.createBranch(ctx, ref, from, o); err == nil {
			announced = g.announceMade(made, o.By)
		}
		return err
	})
	if err != nil {
		return Branch{}, err
	}
	s.settle(ctx, announced)
	return made.info(), nil
}

// announceMade tells watchers, who may have been waiting for it, that there is a branch now.
func (g *group) announceMade(b *branch, by By) *announcement {
	a := &announcement{by: by, event: Event{Origin: by.Origin, Changes: []PathChange{{Subtree: true}}}}
	g.publish = append(g.publish, func() { g.store.watchers.announce(b.repo.name, b.name, a) })
	return a
}

func (g *group) createBranch(ctx context.Context, ref Ref, from *commit, o BranchOptions) (*branch, error) {
	const op = "pfs.CreateBranch"
	r, fresh := g.store.repo(ref.Repo), false
	switch {
	case r == nil && !o.CreateRepo:
		return nil, &Error{Op: op, Kind: KindRepoNotFound, Ref: ref.Repo}
	case r != nil && (r.branches[ref.Name] != nil || g.store.isTag(ref)):
		return nil, &Error{Op: op, Kind: KindExists, Ref: ref.String()}
	case from != nil && (r == nil || r.id != from.rec.Repo):
		return nil, &Error{Op: op, Kind: KindCommitNotFound, Ref: o.From.String()}
	}
	if from != nil {
		if err := g.confirm(ctx, op, from); err != nil {
			return nil, err
		}
	}
	if r == nil {
		var err error
		if r, err = g.putRepo(ref.Repo); err != nil {
			return nil, err
		}
		fresh = true
	}
	b, err := g.putBranch(ctx, r, ref.Name, from, o)
	if err != nil {
		return nil, err
	}
	g.publish = append(g.publish, func() {
		if fresh {
			g.store.addRepo(r)
		}
		g.store.addBranch(b)
	})
	return b, nil
}

func (g *group) putBranch(ctx context.Context, r *repo, name string, from *commit, o BranchOptions) (*branch, error) {
	if from == nil {
		return g.putEmptyBranch(ctx, r, name, o)
	}
	b := &branch{repo: r, name: name, created: g.created(r), bare: o.Bare}
	b.state.Store(&state{head: from, line: g.putLine(r, from), view: from.view, changed: g.now})
	g.putMove(b.state.Load().line, o.By, schema.MoveRecord{Why: "created from " + o.From.String(), Head: from.id})
	b.put(g, b.state.Load())
	return b, nil
}

// putEmptyBranch adds a branch with an empty first commit.
func (g *group) putEmptyBranch(ctx context.Context, r *repo, name string, o BranchOptions) (*branch, error) {
	change, err := g.nextChange()
	if err != nil {
		return nil, err
	}
	first := &commit{id: change.Commit, view: view{root: g.emptyRoot(o.Owner, change), linked: g.store.trees.Empty()}}
	first.rec = schema.CommitRecord{
		Repo: r.id, Line: g.putLine(r, nil), Seq: 1, Gen: change.Gen, Time: g.now, Origin: uint8(o.By.Origin),
		Author: o.By.Author, Message: o.By.Message, Root: first.root.Entry,
	}
	if err := g.putCommit(ctx, first, &commit{view: first.view}); err != nil {
		return nil, err
	}
	b := &branch{repo: r, name: name, created: g.created(r), bare: o.Bare}
	b.state.Store(&state{head: first, line: first.rec.Line, seq: 1, view: first.view, changed: g.now})
	b.put(g, b.state.Load())
	return b, nil
}

// putLine adds a line that leaves that of a commit there; nil when it has no past.
func (g *group) putLine(r *repo, from *commit) uint64 {
	g.counters.Line++
	g.store.names++
	rec := schema.LineRecord{Repo: r.id}
	if from != nil {
		rec.Parent, rec.Seq = from.rec.Line, from.rec.Seq
	}
	g.put(schema.LineKey(g.counters.Line), rec.Append(nil))
	return g.counters.Line
}

// DeleteBranch deletes a branch with what is pending on it and its uploads; withRepo deletes the repo, too, when it was
// the last one. The error is of KindRepoNotFound, KindBranchNotFound or KindReadOnly (ref is no branch).
func (s *Store) DeleteBranch(ctx context.Context, ref Ref, withRepo bool) error {
	return s.deleteBranch(ctx, ref, withRepo, false)
}

// DeleteEmptyBranch deletes a branch that shows nothing. The error is as with DeleteBranch, or of KindNotEmpty.
func (s *Store) DeleteEmptyBranch(ctx context.Context, ref Ref) error {
	return s.deleteBranch(ctx, ref, false, true)
}

// deleteBranch is DeleteBranch, or with empty set DeleteEmptyBranch.
func (s *Store) deleteBranch(ctx context.Context, ref Ref, withRepo, empty bool) error {
	const op = "pfs.DeleteBranch"
	if !ref.IsBranch() {
		return &Error{Op: op, Kind: KindReadOnly, Ref: ref.String()}
	}
	find := func() (*branch, error) {
		b, err := s.writable(op, ref)
		if err == nil && empty && !b.state.Load().root.Sub.IsEmpty() {
			err = &Error{Op: op, Kind: KindNotEmpty, Ref: ref.String()}
		}
		return b, err
	}
	b, err := find()
	if err == nil {
		err = s.abortUploads(ctx, b)
	}
	if err != nil {
		return err
	}
	var gone *announcement
	err = s.committer.do(ctx, true, func(g *group) error {
		b, err := find()
		if err != nil {
			return err
		}
		if gone, err = g.dropBranch(ctx, b); err != nil {
			return err
		}
		if withRepo && len(b.repo.branches) == 1 {
			g.dropRepo(b.repo)
		}
		return nil
	})
	if err == nil {
		s.settle(ctx, gone)
	}
	return err
}

// dropBranch removes a branch, and leaves a tombstone that names what it showed.
func (g *group) dropBranch(ctx context.Context, b *branch) (*announcement, error) {
	w := g.workOn(b)
	if err := w.cutPending(ctx); err != nil {
		return nil, err
	}
	w.moved, w.deleted = false, true
	rec := b.record(&w.state)
	g.bury(b.repo, schema.BranchKey(b.repo.id, b.name), b.name, rec.Append(nil))
	if err := g.dropUploads(ctx, b); err != nil {
		return nil, err
	}
	a := &announcement{event: Event{Deleted: true}}
	w.events = append(w.events, a)
	return a, nil
}

// Branches returns the branches of a repo by name; those of all repos, by repo and name, when repo is empty. The error is
// of KindRepoNotFound.
func (s *Store) Branches(_ context.Context, name string) ([]Branch, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if name != "" && s.repos[name] == nil {
		return nil, &Error{Op: "pfs.Branches", Kind: KindRepoNotFound, Ref: name}
	}
	var branches []Branch
	for _, r := range s.repos {
		if name != "" && r.name != name {
			continue
		}
		for _, b := range r.branches {
			branches = append(branches, b.info())
		}
	}
	slices.SortFunc(branches, func(a, b Branch) int {
		return cmp.Or(cmp.Compare(a.Repo, b.Repo), cmp.Compare(a.Name, b.Name))
	})
	return branches, nil
}

// Branch returns one branch. The error is of KindRepoNotFound, or KindBranchNotFound, for a tag too.
func (s *Store) Branch(_ context.Context, ref Ref) (Branch, error) {
	const op = "pfs.Branch"
	if !ref.IsBranch() {
		return Branch{}, &Error{Op: op, Kind: KindBranchNotFound, Ref: ref.String()}
	}
	b, err := s.branch(op, ref)
	if err != nil {
		return Branch{}, err
	}
	return b.info(), nil
}

func (b *branch) info() Branch {
	st := b.state.Load()
	return Branch{
		Repo: b.repo.name, Name: b.name, Created: timeOf(b.created), Head: st.head.id, Changed: timeOf(st.changed),
		Pending: st.pending != nil, Bare: b.bare, Settings: b.named(), Totals: st.totals(),
	}
}

// branch returns the branch that ref names.
func (s *Store) branch(op string, ref Ref) (*branch, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.repos[ref.Repo]
	if r == nil {
		return nil, &Error{Op: op, Kind: KindRepoNotFound, Ref: ref.Repo}
	}
	if b := r.branches[ref.Name]; b != nil {
		return b, nil
	}
	if err := r.damaged[ref.Name]; err != nil {
		return nil, err
	}
	return nil, &Error{Op: op, Kind: KindBranchNotFound, Ref: ref.String()}
}

func (s *Store) isBranch(ref Ref) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.repos[ref.Repo]
	return r != nil && r.branches[ref.Name] != nil
}

func (s *Store) isTag(ref Ref) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.repos[ref.Repo]
	if r == nil {
		return false
	}
	_, ok := r.tags[ref.Name]
	return ok || r.damaged[ref.Name] != nil // so that nothing is put in its place
}

func (s *Store) addBranch(b *branch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.repo.branches[b.name] = b
}

func (s *Store) removeBranch(b *branch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(b.repo.branches, b.name)
}
