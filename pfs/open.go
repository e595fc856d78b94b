package pfs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"pfsd/pfs/internal/schema"
)

// OpenCommit is a commit that was started and is not finished: a workspace that only its own address shows.
type OpenCommit struct {
	ID     CommitID `json:"id"`
	Repo   string   `json:"repo"`
	Branch string   `json:"branch"`
	// Base is the commit that it was started on.
	Base    CommitID  `json:"base"`
	Started time.Time `json:"started"`
	Author  string    `json:"author,omitempty"`
	Message string    `json:"message,omitempty"`
}

// openCommit is what a branch has that is the workspace of an open commit. It is never changed.
type openCommit struct {
	id              schema.ID
	branch          string
	base            *commit
	author, message string
}

// info returns the open commit whose workspace b is, as callers see it.
func (b *branch) openInfo() OpenCommit {
	o := b.open
	return OpenCommit{
		ID: o.id, Repo: b.repo.name, Branch: o.branch, Base: o.base.id, Started: timeOf(b.created), Author: o.author,
		Message: o.message,
	}
}

// StartCommit starts a commit on a branch, whose workspace shows what the branch shows now; what is pending on that is in
// a commit first. The ref COMMIT.BRANCH.REPO names the workspace: it can be read and changed like a branch, by many at a
// time, and nothing of it is to be seen on the branch before FinishCommit. by has the author and the message that the
// commit will have. Errors are as with Update.
func (s *Store) StartCommit(ctx context.Context, ref Ref, by By) (OpenCommit, error) {
	const op = "pfs.StartCommit"
	if !ref.IsBranch() {
		return OpenCommit{}, &Error{Op: op, Kind: KindInvalid, Ref: ref.String()}
	}
	if _, err := s.Cut(ctx, ref); err != nil {
		return OpenCommit{}, err
	}
	var made *branch
	err := s.committer.do(ctx, true, func(g *group) error {
		b, err := s.writable(op, ref)
		if err != nil {
			return err
		}
		change, err := g.nextChange()
		if err != nil {
			return err
		}
		made = g.workspace(b, change, by)
		g.publish = append(g.publish, func() { s.setOpen(made, true) })
		return nil
	})
	if err != nil {
		return OpenCommit{}, err
	}
	return made.openInfo(), nil
}

// workspace returns the workspace of a commit that is started on what a branch shows.
func (g *group) workspace(b *branch, change schema.Change, by By) *branch {
	from := b.state.Load()
	open := &branch{repo: b.repo, name: change.Commit.String(), created: g.now, open: &openCommit{
		id: change.Commit, branch: b.name, base: from.head, author: by.Author, message: by.Message,
	}}
	open.state.Store(&state{
		head: from.head, line: from.line, seq: from.seq, view: from.head.view, changed: g.now,
		pending: &pending{change: change, by: by, time: g.now, since: g.now},
	})
	g.store.names++
	open.put(g, open.state.Load())
	return open
}

// put adds the record of a branch, or open commit, that shows st.
func (b *branch) put(g *group, st *state) {
	rec := b.record(st)
	if rec.Pending != nil {
		rec.Pending.Links = g.hashOf(st.linked)
	}
	if b.open == nil {
		g.put(schema.BranchKey(b.repo.id, b.name), rec.Append(nil))
		return
	}
	open := schema.OpenCommitRecord{
		Repo: b.repo.id, Branch: b.open.branch, Base: b.open.base.id, State: rec,
		Author: b.open.author, Message: b.open.message,
	}
	g.put(schema.OpenKey(b.open.id), open.Append(nil))
}

// FinishCommit makes what an open commit shows a commit of its branch, all of it at once, and ends the workspace. If the
// branch has moved on since the start, the changes of both are combined as with Merge; the error is of KindConflict when
// they contradict each other and resolve does not say what to do, and then everything is as it was. Other errors are of
// KindCommitNotFound, KindReadOnly when the commit is finished already, or as with Update.
func (s *Store) FinishCommit(ctx context.Context, ref Ref, by By, resolve Resolve) (Commit, error) {
	const op = "pfs.FinishCommit"
	if _, err := s.opened(ctx, op, ref); err != nil {
		return Commit{}, err
	}
	if err := s.contents.Settle(ctx); err != nil {
		return Commit{}, wrap(op, err, ref.String(), "")
	}
	var w *working
	var open *branch
	var announced []*announcement
	err := s.committer.do(ctx, true, func(g *group) (err error) {
		if open, err = s.opened(ctx, op, ref); err != nil {
			return err
		}
		b, err := s.branch(op, BranchRef(ref.Repo, open.open.branch))
		if err != nil {
			return err
		}
		w = g.workOn(b)
		if announced, err = w.finish(ctx, open, by, resolve); err != nil {
			return wrap(op, err, ref.String(), "")
		}
		return nil
	})
	if err != nil {
		return Commit{}, err
	}
	for _, a := range announced {
		s.settle(ctx, a)
	}
	// One transaction may have no room for all their parts. What an interruption leaves of them expires.
	if err := s.abortUploads(context.WithoutCancel(ctx), open); err != nil {
		s.log.Warn("uploads into a commit that was finished could not be ended", "of", ref.String(), "err", err)
	}
	return w.head.info(ref.Repo), nil
}

// finish publishes an open commit on the branch.
func (w *working) finish(ctx context.Context, open *branch, by By, resolve Resolve) ([]*announcement, error) {
	if err := w.cutPending(ctx); err != nil {
		return nil, err
	}
	st := open.state.Load()
	w.group.counters.Gen++
	change := schema.Change{Commit: open.open.id, Gen: w.group.counters.Gen}
	result, needs := st.view, st.pending.needs
	if err := w.group.leave(ctx, w.branch.repo, w.branch.name, w.head, open.open.base); err != nil {
		return nil, err
	}
	if w.head.id != open.open.base.id {
		c := newCombiner(ctx, w.group.store, resolve, change, open.open.base.view, w.view, st.view)
		var err error
		if result, err = c.run(); err != nil {
			return nil, err
		}
		if len(c.conflicts) > 0 {
			return nil, &Error{Op: "pfs.FinishCommit", Kind: KindConflict, Err: &ConflictError{c.conflicts}}
		}
		needs |= c.needs
	}
	made := By{Origin: by.Origin, Author: cmp.Or(open.open.author, by.Author), Message: cmp.Or(by.Message, open.open.message)}
	now := max(w.group.now, w.head.rec.Time)
	w.view, w.changed, w.must = result, now, true
	w.pending = &pending{change: change, by: made, time: now, since: now, links: st.pending.links, needs: needs}
	seen := &announcement{by: by, event: Event{Origin: by.Origin, Changes: []PathChange{{Subtree: true}}}}
	w.events = append(w.events, seen)
	return []*announcement{seen, w.group.dropOpen(open)}, nil
}

// AbortCommit ends an open commit with all that is in its workspace. Errors are as with FinishCommit.
func (s *Store) AbortCommit(ctx context.Context, ref Ref) error {
	const op = "pfs.AbortCommit"
	open, err := s.opened(ctx, op, ref)
	if err != nil {
		return err
	}
	if err := s.abortUploads(ctx, open); err != nil {
		return err
	}
	var gone *announcement
	err = s.committer.do(ctx, true, func(g *group) error {
		open, err := s.opened(ctx, op, ref)
		if err != nil {
			return err
		}
		if err := g.dropUploads(ctx, open); err != nil {
			return err
		}
		gone = g.dropOpen(open)
		return g.leaveBase(ctx, open)
	})
	if err == nil {
		s.settle(ctx, gone)
	}
	return err
}

// dropOpen ends the workspace of an open commit.
func (g *group) dropOpen(open *branch) *announcement {
	g.delete(schema.OpenKey(open.open.id))
	gone := &announcement{event: Event{Deleted: true}}
	g.publish = append(g.publish, func() {
		g.store.setOpen(open, false)
		g.store.notePending(open, true)
		g.store.watchers.announce(open.repo.name, open.name, gone)
	})
	return gone
}

// leaveBase has the commit that an open one was started on stay for a grace period, unless the branch has it in its history.
func (g *group) leaveBase(ctx context.Context, open *branch) error {
	var head *commit
	if b := open.repo.branches[open.open.branch]; b != nil {
		head = b.state.Load().head
	}
	return g.leave(ctx, open.repo, open.open.branch, head, open.open.base)
}

// OpenCommits returns the open commits of a repo, the oldest first. The error is of KindRepoNotFound.
func (s *Store) OpenCommits(_ context.Context, repo string) ([]OpenCommit, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.repos[repo]
	if r == nil {
		return nil, &Error{Op: "pfs.OpenCommits", Kind: KindRepoNotFound, Ref: repo}
	}
	open := make([]OpenCommit, 0, len(r.open))
	for _, b := range r.open {
		open = append(open, b.openInfo())
	}
	slices.SortFunc(open, func(a, b OpenCommit) int {
		return cmp.Or(a.Started.Compare(b.Started), slices.Compare(a.ID[:], b.ID[:]))
	})
	return open, nil
}

// workspaceOf returns the workspace that ref names, nil when there is none.
func (s *Store) workspaceOf(ref Ref) *branch {
	if ref.Commit.IsZero() || ref.Committed {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.repos[ref.Repo]
	if r == nil {
		return nil
	}
	b := r.open[ref.Commit]
	if b == nil || ref.Name != "" && ref.Name != b.open.branch {
		return nil
	}
	return b
}

// opened returns the workspace that ref must name.
func (s *Store) opened(ctx context.Context, op string, ref Ref) (*branch, error) {
	if b := s.workspaceOf(ref); b != nil {
		return b, nil
	}
	if ref.Commit.IsZero() || ref.Committed {
		return nil, &Error{Op: op, Kind: KindInvalid, Ref: ref.String(), Err: errors.New("not the id of an open commit")}
	}
	if _, err := s.resolve(ctx, op, ref); err != nil {
		return nil, err
	}
	return nil, &Error{Op: op, Kind: KindReadOnly, Ref: ref.String(), Err: errors.New("the commit is finished")}
}

// setOpen lets readers see a workspace, or no longer.
func (s *Store) setOpen(b *branch, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open {
		b.repo.open[b.open.id] = b
	} else {
		delete(b.repo.open, b.open.id)
	}
}

// loadOpen reads the open commits of all repos.
func (s *Store) loadOpen(ctx context.Context) error {
	repos := map[schema.ID]*repo{}
	for _, r := range s.repos {
		repos[r.id] = r
	}
	rows, err := s.rows(ctx, schema.OpenPrefix())
	if err != nil {
		return err
	}
	for _, row := range rows {
		var id schema.ID
		copy(id[:], row.Key[1:])
		rec, err := schema.DecodeOpenCommit(row.Value)
		if err != nil {
			_ = s.damage(id.String(), corruptRow("open commit", err))
			continue
		}
		r := repos[rec.Repo]
		if r == nil {
			continue // its repo has been deleted
		}
		b, err := s.loadWorkspace(ctx, r, id, rec)
		switch err = wrap("pfs.Open", err, id.String(), ""); {
		case KindOf(err) == KindCorrupt:
			_ = s.damage(id.String(), err)
		case err != nil:
			return err
		default:
			r.open[id] = b
		}
	}
	return nil
}

func (s *Store) loadWorkspace(ctx context.Context, r *repo, id schema.ID, rec schema.OpenCommitRecord) (*branch, error) {
	st, err := s.loadState(ctx, r, rec.State)
	if err != nil {
		return nil, err
	}
	if st.pending == nil || st.pending.change.Commit != id || st.head.id != rec.Base {
		return nil, corruptRow("open commit "+id.String(), errors.New("its state is that of another"))
	}
	st.pending.by.Message = rec.Message
	b := &branch{repo: r, name: id.String(), created: rec.State.Created, open: &openCommit{
		id: id, branch: rec.Branch, base: st.head, author: rec.Author, message: rec.Message,
	}}
	b.state.Store(st)
	return b, nil
}
