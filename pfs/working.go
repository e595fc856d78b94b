package pfs

import (
	"context"
	"math"

	"pfsd/pfs/internal/schema"
)

// working is a branch as the requests of a group make it. Readers see it when the group has been stored.
type working struct {
	group  *group
	branch *branch
	state
	// must is set when the pending changes are to be a commit before the group ends.
	must bool
	// touched are the paths of the pending commit, as long as it may take in further updates; nil when it may not.
	touched map[string]struct{}
	// building is the commit that the pending changes will be; its record is made when they are cut.
	building *commit
	// links are the roots of the contents that the commits of this group link.
	links []schema.Hash
	// save is set when the pending state is to be stored although it is not cut.
	save bool
	// moved is set when the branch's record has to be written, deleted when it is to go.
	moved, deleted bool
	// move is the last one that the branch has made in this group; nil without any.
	move *move

	events []*announcement
}

// begin starts the commit that the next changes will be in, unless one is pending already.
func (w *working) begin(by By) error {
	if w.pending != nil {
		return nil
	}
	change, err := w.nextChange()
	if err != nil {
		return err
	}
	w.pending = &pending{change: change, by: by, time: w.group.now, since: w.group.now, cutAt: math.MaxInt64}
	return nil
}

// run lets fn change the branch, as part of what is pending. Unless it succeeds and changes something, nothing is
// changed; changed tells.
func (w *working) run(ctx context.Context, by By, fn func(*Tx) error) (tx *Tx, err error) {
	before, kept := w.pending, false
	defer func() { // also when fn panics
		if !kept {
			w.pending = before
		}
	}()
	if err := w.begin(by); err != nil {
		return nil, err
	}
	tx = &Tx{ctx: ctx, group: w.group, branch: w.branch, view: w.view, change: w.pending.change,
		now: max(w.group.now, w.head.rec.Time)}
	if err = fn(tx); err == nil {
		err = w.group.verify(ctx, tx.links)
	}
	kept = err == nil && tx.changed()
	return tx, err
}

// adopt makes the changes of a transaction part of what is pending, and lets watchers know.
func (w *working) adopt(tx *Tx, by By) *announcement {
	w.view = tx.view
	pending := *w.pending
	pending.time = tx.now
	pending.links = append(pending.links, tx.links...)
	pending.needs |= tx.needs
	pending.cutAt = min(pending.cutAt, w.group.now+int64(max(by.CutAfter, w.group.store.opts.CutAfter)))
	if !w.unsaved {
		pending.since = w.group.now
	}
	w.pending, w.unsaved = &pending, true
	w.changed = tx.now
	for _, finish := range tx.onSuccess {
		finish()
	}
	a := &announcement{by: by, event: Event{Origin: by.Origin, Changes: tx.changes, Links: tx.files}}
	w.events = append(w.events, a)
	return a
}

// update runs fn as an Update: its changes are a commit when the group ends, alone or with others that touch other paths.
func (w *working) update(ctx context.Context, by By, fn func(*Tx) error) (*commit, *announcement, error) {
	if w.branch.open != nil {
		a, err := w.change(ctx, by, fn)
		w.save = w.save || a != nil
		return nil, a, err
	}
	if w.pending != nil && !w.admits(by) {
		if err := w.cut(ctx); err != nil {
			return nil, nil, err
		}
	}
	shared := w.pending != nil
	tx, err := w.run(ctx, by, fn)
	if err != nil || !tx.changed() {
		return nil, nil, err
	}
	if shared && w.overlaps(tx) {
		if err := w.cut(ctx); err != nil {
			return nil, nil, err
		}
		if tx, err = w.run(ctx, by, fn); err != nil || !tx.changed() {
			return nil, nil, err
		}
	}
	a := w.adopt(tx, by)
	w.mustCut(tx)
	return w.building, a, nil
}

// apply runs fn as an Apply: its changes are pending when the group ends.
func (w *working) apply(ctx context.Context, by By, fn func(*Tx) error) error {
	if w.branch.open != nil {
		a, err := w.change(ctx, by, fn)
		if a != nil {
			a.unawaited = true
		}
		return err
	}
	if w.pending != nil && w.must {
		if err := w.cut(ctx); err != nil {
			return err
		}
	}
	tx, err := w.run(ctx, by, fn)
	if err == nil && tx.changed() {
		w.adopt(tx, by).unawaited = true
		w.pending.by.Author = JoinAuthors(w.pending.by.Author, by.Author)
	}
	return err
}

// change runs fn on the workspace of an open commit. Every change there bears the commit's id, and a generation of its own.
func (w *working) change(ctx context.Context, by By, fn func(*Tx) error) (*announcement, error) {
	before := w.pending
	next := *before
	var err error
	if next.change, err = w.nextChange(); err != nil {
		return nil, err
	}
	next.since = w.group.now
	if w.unsaved {
		next.since = before.since
	}
	w.pending = &next
	tx, err := w.run(ctx, by, fn)
	if err != nil || !tx.changed() {
		w.pending = before
		return nil, err
	}
	w.unsaved = true
	return w.adopt(tx, by), nil
}

// nextChange returns what the changes made next bear: the id of a new commit, or that of the open one, and a generation of
// their own.
func (w *working) nextChange() (schema.Change, error) {
	if w.branch.open == nil {
		return w.group.nextChange()
	}
	w.group.counters.Gen++
	return schema.Change{Commit: w.branch.open.id, Gen: w.group.counters.Gen}, nil
}

// admits reports whether an update by by may go into the pending commit.
func (w *working) admits(by By) bool {
	p := w.pending.by
	return w.must && w.touched != nil && p.Origin == by.Origin && p.Author == by.Author && p.Message == by.Message
}

func (w *working) overlaps(tx *Tx) bool {
	if tx.wide {
		return true
	}
	for _, change := range tx.changes {
		if _, ok := w.touched[change.Path]; ok {
			return true
		}
	}
	return false
}

// mustCut notes that the pending commit has to be made, and what it touches.
func (w *working) mustCut(tx *Tx) {
	if w.building == nil {
		w.building = &commit{id: w.pending.change.Commit}
		w.touched = map[string]struct{}{}
	}
	w.must = true
	if tx.wide {
		w.touched = nil
		return
	}
	for _, change := range tx.changes {
		w.touched[change.Path] = struct{}{}
	}
}

// cut makes a commit of what is pending.
func (w *working) cut(ctx context.Context) error {
	if err := w.saveRoot(ctx); err != nil {
		return err
	}
	made := w.building
	if made == nil {
		made = &commit{id: w.pending.change.Commit}
	}
	p := w.pending
	links, err := w.pendingLinks(ctx)
	if err != nil {
		return err
	}
	w.group.needs |= p.needs
	w.links = append(w.links, links...)
	w.view = w.group.store.keep(w.view)
	made.view = w.view
	made.rec = schema.CommitRecord{
		Repo: w.branch.repo.id, Line: w.line, Seq: w.seq + 1, Gen: p.change.Gen, Time: max(p.time, w.head.rec.Time),
		Origin: uint8(p.by.Origin), Author: p.by.Author, Message: p.by.Message, Root: w.root.Entry, Links: w.group.hashOf(w.linked),
		Parents: append([]schema.ID{w.head.id}, p.parents...),
	}
	if err := w.group.putCommit(ctx, made, w.head); err != nil {
		return err
	}
	w.head, w.seq = made, w.seq+1
	w.pending, w.building, w.touched, w.must, w.moved = nil, nil, nil, false, true
	w.unsaved = false
	return nil
}

// cutPending makes a commit of what is pending, if anything is.
func (w *working) cutPending(ctx context.Context) error {
	if w.pending == nil {
		return nil
	}
	return w.cut(ctx)
}

// saveRoot adds the nodes of the root and the link tree that are not stored yet to the group's.
func (w *working) saveRoot(ctx context.Context) error {
	hash, err := w.group.saveDir(ctx, w.root.Sub)
	if err == nil {
		_, err = w.group.saveDir(ctx, w.linked)
	}
	if err == nil {
		w.root.Root, w.root.Totals = hash, w.root.Sub.Totals()
	}
	return err
}

// seal makes the commit that is owed, and the branch's record if it changed.
func (w *working) seal(ctx context.Context) error {
	if w.branch.open != nil && w.must {
		w.save, w.must = true, false
	}
	if w.pending != nil && w.must {
		if err := w.cut(ctx); err != nil {
			return err
		}
	}
	stored := w.state
	if w.pending != nil && w.save {
		if err := w.saveRoot(ctx); err != nil {
			return err
		}
		links, err := w.pendingLinks(ctx)
		if err != nil {
			return err
		}
		w.links = append(w.links, links...)
		w.group.needs |= w.pending.needs
		w.saved()
		stored, w.moved = w.state, true
	} else if w.pending != nil {
		stored.pending = nil
	}
	if w.moved {
		w.branch.put(w.group, &stored)
	}
	return nil
}

// saved notes that what is pending will be on disk with the group, in the format that it needs. The contents that it links are then led to by its record,
// and need not be looked after any more.
func (w *working) saved() {
	pending := *w.pending
	pending.links, pending.needs = nil, 0
	w.pending, w.unsaved = &pending, false
}

// publish lets readers see the branch as it is now, and tells its watchers.
func (w *working) publish() {
	next := w.state
	next.view = w.group.store.keep(next.view)
	w.branch.state.Store(&next)
	w.group.store.notePending(w.branch, w.deleted)
	if w.deleted {
		w.group.store.removeBranch(w.branch)
	}
	for _, a := range w.events {
		w.group.store.watchers.announce(w.branch.repo.name, w.branch.name, a)
	}
}
