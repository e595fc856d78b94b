package control

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// annotate yields the entries of a directory, or of anything else itself, with the commits that last changed them: in an open
// commit itself, for what was changed there.
func (h *Handler) annotate(ctx context.Context, r FileRequest) iter.Seq2[Annotated, error] {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return failed[Annotated](err)
	}
	if err := cut(ctx, h.history, ref); err != nil {
		return failed[Annotated](err)
	}
	open, isOpen, err := h.inspectOpen(ctx, ref)
	if err != nil {
		return failed[Annotated](err)
	}
	known := map[pfs.CommitID]Commit{}
	if isOpen {
		known[open.ID] = open.Commit
	}
	return func(yield func(Annotated, error) bool) {
		for e, err := range h.list(ctx, r) {
			if e.Version == nil && isOpen {
				e.Version = &open.ID
			}
			out := Annotated{Entry: e}
			if err == nil && e.Version != nil {
				var c Commit
				if c, err = h.commitNamed(ctx, ref.Repo, *e.Version, known); err == nil {
					out.Author, out.Message, out.Time, out.Origin = c.Author, c.Message, c.Time, c.Origin
				}
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
	}
}

// commitNamed returns a commit of a repo by its id.
func (h *Handler) commitNamed(ctx context.Context, repo string, id pfs.CommitID, known map[pfs.CommitID]Commit) (Commit, error) {
	if c, ok := known[id]; ok {
		return c, nil
	}
	commit, err := h.versions.open.Commit(ctx, pfs.Ref{Repo: repo, Commit: id})
	if pfs.KindOf(err) == pfs.KindCommitNotFound {
		// It is of a repo that this one's files were copied from.
		commit, err = pfs.Commit{ID: id}, nil
	}
	if err == nil {
		known[id] = commitOf(commit)
	}
	return known[id], err
}
