package control

import (
	"context"
	"errors"
	"fmt"

	"pfsd/pfs"
)

// errItself says that a branch was to be merged into itself.
var errItself = errors.New("a branch cannot be merged into itself: name another one as the source")

// errNoBranch says that a commit was named without a branch.
var errNoBranch = errors.New("it names no branch to undo the commit on: give COMMIT.BRANCH.REPO, or --on BRANCH.REPO")

// combineStore is what bringing changes into a branch needs of the core.
type combineStore interface {
	Merge(ctx context.Context, source, target pfs.Ref, by pfs.By, resolve pfs.Resolve) (pfs.Commit, error)
	Revert(ctx context.Context, commit, target pfs.Ref, by pfs.By, resolve pfs.Resolve) (pfs.Commit, error)
	CherryPick(ctx context.Context, commit, target pfs.Ref, by pfs.By, resolve pfs.Resolve) (pfs.Commit, error)
}

// rewriteStore is what giving a branch another head needs of the core.
type rewriteStore interface {
	Reset(ctx context.Context, branch, to pfs.Ref, by pfs.By) (pfs.Rewritten, error)
	Squash(ctx context.Context, branch, since, until pfs.Ref, by pfs.By) (pfs.Rewritten, error)
}

var (
	_ combineStore = (*pfs.Store)(nil)
	_ rewriteStore = (*pfs.Store)(nil)
)

// resolveOf returns what is to become of conflicts.
func resolveOf(name string) (pfs.Resolve, error) {
	switch name {
	case "":
		return pfs.ResolveNone, nil
	case "ours":
		return pfs.ResolveOurs, nil
	case "theirs":
		return pfs.ResolveTheirs, nil
	}
	return 0, invalid(fmt.Errorf("conflicts are resolved with ours or theirs, not %q", name))
}

// combination is a method of combineStore.
type combination func(ctx context.Context, from, to pfs.Ref, by pfs.By, resolve pfs.Resolve) (pfs.Commit, error)

func (h *Handler) merge(ctx context.Context, r ChangeRequest) (Commit, error) {
	if from, to, err := h.refs(ctx, r.From, r.Ref); err == nil && from == to {
		return Commit{}, &pfs.Error{Op: "control.merge", Kind: pfs.KindInvalid, Ref: r.Ref, Err: errItself}
	}
	return h.combine(ctx, r, h.versions.combine.Merge, "merge ")
}

// revert undoes a commit on the branch that it was named by, unless the request names another.
func (h *Handler) revert(ctx context.Context, r ChangeRequest) (Commit, error) {
	if r.Ref == "" {
		commit, err := h.ref(ctx, r.From)
		switch {
		case err != nil:
			return Commit{}, err
		case commit.Name == "":
			return Commit{}, &pfs.Error{Op: "control.revert", Kind: pfs.KindInvalid, Ref: r.From, Err: errNoBranch}
		}
		r.Ref = pfs.BranchRef(commit.Repo, commit.Name).String()
	}
	return h.combine(ctx, r, h.versions.combine.Revert, "revert ")
}

func (h *Handler) cherryPick(ctx context.Context, r ChangeRequest) (Commit, error) {
	return h.combine(ctx, r, h.versions.combine.CherryPick, "cherry-pick ")
}

// combine runs f. A commit for which no message was given bears what was done, and with what.
func (h *Handler) combine(ctx context.Context, r ChangeRequest, f combination, done string) (Commit, error) {
	resolve, err := resolveOf(r.Resolve)
	if err != nil {
		return Commit{}, err
	}
	from, to, err := h.ends(ctx, r)
	if err != nil {
		return Commit{}, err
	}
	if r.Message == "" {
		r.Message = done + from.String()
	}
	commit, err := f(ctx, from, to, r.By.by(r.Message), resolve)
	return commitOf(commit), h.unfinished(ctx, from, err)
}

func (h *Handler) reset(ctx context.Context, r ChangeRequest) (Rewritten, error) {
	to, branch, err := h.ends(ctx, r)
	if err != nil {
		return Rewritten{}, err
	}
	moved, err := h.versions.rewrite.Reset(ctx, branch, to, r.By.by(r.Message))
	return rewrittenOf(moved), h.unfinished(ctx, to, err)
}

// rewrittenOf returns a branch's head as commands show it, with the head before.
func rewrittenOf(m pfs.Rewritten) Rewritten {
	return Rewritten{Commit: commitOf(m.Commit), Was: m.Was, Until: m.Until.UTC()}
}

func (h *Handler) squash(ctx context.Context, r ChangeRequest) (Rewritten, error) {
	since, branch, err := h.ends(ctx, r)
	if err != nil {
		return Rewritten{}, err
	}
	var until pfs.Ref
	if r.Until != "" {
		if until, err = h.ref(ctx, r.Until); err != nil {
			return Rewritten{}, err
		}
	}
	if r.Message == "" {
		r.Message = "squash of all since " + since.String()
		if r.Until != "" {
			r.Message += " until " + until.String()
		}
	}
	moved, err := h.versions.rewrite.Squash(ctx, branch, since, until, r.By.by(r.Message))
	return rewrittenOf(moved), h.unfinished(ctx, until, h.unfinished(ctx, since, err))
}

// ends parses both addresses of a change, from and to, after what is pending on the branches they begin at has been
// committed: ancestors are counted from there.
func (h *Handler) ends(ctx context.Context, r ChangeRequest) (from, to pfs.Ref, err error) {
	if from, to, err = h.refs(ctx, r.From, r.Ref); err != nil {
		return from, to, err
	}
	if err = cut(ctx, h.history, from); err == nil {
		err = cut(ctx, h.history, to)
	}
	return from, to, err
}

// restore makes a path what it is in another version; what is not there is removed.
func (h *Handler) restore(ctx context.Context, r ChangeRequest) (Commit, error) {
	from, to, err := h.ends(ctx, r)
	if err != nil {
		return Commit{}, err
	}
	version, err := h.files.Snapshot(ctx, from)
	if err != nil {
		return Commit{}, err
	}
	if r.Message == "" {
		r.Message = "restore /" + r.Path + " from " + from.String()
	}
	if same, err := h.same(ctx, from, to, r.Path); same || err != nil {
		return Commit{}, err
	}
	_, err = version.Stat(ctx, r.Path)
	absent := pfs.KindOf(err) == pfs.KindFileNotFound
	if err != nil && !absent {
		return Commit{}, err
	}
	commit, err := h.changes.Update(ctx, to, r.By.by(r.Message), func(tx *pfs.Tx) error {
		if absent {
			return tx.RemoveAll(r.Path)
		}
		return tx.Copy(r.Path, version, r.Path)
	})
	return commitOf(commit), err
}

// same reports whether a path is the same in two versions.
func (h *Handler) same(ctx context.Context, a, b pfs.Ref, path string) (bool, error) {
	for _, err := range h.versions.diffs.Diff(ctx, a, b, path) {
		return false, err
	}
	return true, nil
}
