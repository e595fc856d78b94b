package control

import (
	"context"
	"errors"
	"iter"
	"slices"

	"pfsd/pfs"
)

// openStore is what open commits need of the core.
type openStore interface {
	StartCommit(ctx context.Context, ref pfs.Ref, by pfs.By) (pfs.OpenCommit, error)
	FinishCommit(ctx context.Context, ref pfs.Ref, by pfs.By, resolve pfs.Resolve) (pfs.Commit, error)
	AbortCommit(ctx context.Context, ref pfs.Ref) error
	OpenCommits(ctx context.Context, repo string) ([]pfs.OpenCommit, error)
	Commit(ctx context.Context, ref pfs.Ref) (pfs.Commit, error)
}

var _ openStore = (*pfs.Store)(nil)

func (h *Handler) startCommit(ctx context.Context, r ChangeRequest) (pfs.OpenCommit, error) {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return pfs.OpenCommit{}, err
	}
	open, err := h.versions.open.StartCommit(ctx, ref, r.By.by(r.Message))
	open.Started = open.Started.UTC()
	return open, err
}

func (h *Handler) finishCommit(ctx context.Context, r ChangeRequest) (Commit, error) {
	resolve, err := resolveOf(r.Resolve)
	if err != nil {
		return Commit{}, err
	}
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return Commit{}, err
	}
	commit, err := h.versions.open.FinishCommit(ctx, ref, r.By.by(r.Message), resolve)
	var missing *pfs.Error
	if errors.As(err, &missing) && missing.Kind == pfs.KindBranchNotFound && missing.Ref != ref.String() {
		err = &pfs.Error{Op: "control.finishCommit", Kind: missing.Kind, Ref: missing.Ref, Err: errBranchGone}
	}
	return commitOf(commit), err
}

// errBranchGone says why an open commit has no branch to be finished on.
var errBranchGone = errors.New("it was deleted while the commit was open: bring it back with pfsd undelete, or drop the commit with " +
	"pfsd commit abort")

// errUnfinished says why what is known of an open commit is not enough.
var errUnfinished = errors.New("the commit is open: finish it first, with pfsd commit finish")

// unfinished returns err, or, when it says that there is no such commit since ref names one that is open, that.
func (h *Handler) unfinished(ctx context.Context, ref pfs.Ref, err error) error {
	if pfs.KindOf(err) != pfs.KindCommitNotFound {
		return err
	}
	if _, open, _ := h.inspectOpen(ctx, ref); open {
		return &pfs.Error{Op: "control.unfinished", Kind: pfs.KindConflict, Ref: ref.String(), Err: errUnfinished}
	}
	return err
}

func (h *Handler) abortCommit(ctx context.Context, r ChangeRequest) (pfs.CommitID, error) {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return pfs.CommitID{}, err
	}
	return ref.Commit, h.versions.open.AbortCommit(ctx, ref)
}

func (h *Handler) openCommits(ctx context.Context, r BranchRequest) iter.Seq2[pfs.OpenCommit, error] {
	repo, branch := r.Repo, ""
	if r.Ref != "" {
		ref, err := h.ref(ctx, r.Ref)
		if err == nil {
			_, err = h.versions.names.Branch(ctx, ref)
		}
		if err != nil {
			return failed[pfs.OpenCommit](err)
		}
		repo, branch = ref.Repo, ref.Name
	}
	open, err := h.openOf(ctx, repo, branch)
	if err != nil {
		return failed[pfs.OpenCommit](err)
	}
	return func(yield func(pfs.OpenCommit, error) bool) {
		for _, o := range open {
			if !yield(o, nil) {
				return
			}
		}
	}
}

// openOf returns the open commits of a repo, or of one branch of it.
func (h *Handler) openOf(ctx context.Context, repo, branch string) ([]pfs.OpenCommit, error) {
	open, err := h.versions.open.OpenCommits(ctx, repo)
	if branch != "" {
		open = slices.DeleteFunc(open, func(o pfs.OpenCommit) bool { return o.Branch != branch })
	}
	for i := range open {
		open[i].Started = open[i].Started.UTC()
	}
	return open, err
}

// inspectCommit returns what is known of a commit, once what is pending on the branch it was named by is in one.
func (h *Handler) inspectCommit(ctx context.Context, r FileRequest) (CommitInfo, error) {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return CommitInfo{}, err
	}
	if info, ok, err := h.inspectOpen(ctx, ref); ok || err != nil {
		return info, err
	}
	if err := cut(ctx, h.history, ref); err != nil {
		return CommitInfo{}, err
	}
	commit, err := h.versions.open.Commit(ctx, ref)
	if err != nil {
		return CommitInfo{}, err
	}
	info := CommitInfo{Commit: commitOf(commit), Repo: ref.Repo, Heads: []string{}, Tags: []string{}}
	branches, err := h.versions.names.Branches(ctx, ref.Repo)
	if err != nil {
		return CommitInfo{}, err
	}
	for _, b := range branches {
		if b.Head == commit.ID {
			info.Heads = append(info.Heads, b.Name)
		}
	}
	tags, err := h.tagsOf(ctx, ref.Repo)
	for _, t := range tags {
		if t.Commit == commit.ID {
			info.Tags = append(info.Tags, t.Name)
		}
	}
	return info, err
}

// inspectOpen returns what is known of an open commit, and whether ref names one.
func (h *Handler) inspectOpen(ctx context.Context, ref pfs.Ref) (CommitInfo, bool, error) {
	if ref.Commit.IsZero() || ref.Committed {
		return CommitInfo{}, false, nil
	}
	open, err := h.openOf(ctx, ref.Repo, ref.Name)
	i := slices.IndexFunc(open, func(o pfs.OpenCommit) bool { return o.ID == ref.Commit })
	if err != nil || i < 0 {
		return CommitInfo{}, false, err
	}
	snap, err := h.files.Snapshot(ctx, ref)
	if err != nil {
		return CommitInfo{}, false, err
	}
	root, err := snap.Stat(ctx, "")
	o := open[i]
	return CommitInfo{
		Repo: o.Repo, Branch: o.Branch, Open: true, Heads: []string{}, Tags: []string{},
		Commit: Commit{
			ID: o.ID, Parents: []pfs.CommitID{o.Base}, Time: o.Started, Origin: pfs.OriginCLI.String(), Author: o.Author,
			Message: o.Message, Files: root.Totals.Files, Bytes: root.Totals.Bytes,
		},
	}, true, err
}
