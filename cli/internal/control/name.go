package control

import (
	"context"
	"iter"
	"slices"

	"pfsd/pfs"
)

// nameStore is what renaming and inspecting need of the core.
type nameStore interface {
	RenameRepo(ctx context.Context, from, to string) (pfs.Repo, error)
	RenameBranch(ctx context.Context, ref pfs.Ref, to string) (pfs.Branch, error)
	Branch(ctx context.Context, ref pfs.Ref) (pfs.Branch, error)
	Branches(ctx context.Context, repo string) ([]pfs.Branch, error)
	Repos(ctx context.Context) ([]pfs.Repo, error)
}

// undeleteStore is what restoring names needs of the core.
type undeleteStore interface {
	Deletions(ctx context.Context) ([]pfs.Deleted, error)
	LeftBehind(ctx context.Context) ([]pfs.Deleted, error)
	Undelete(ctx context.Context, ref pfs.Ref) error
	UndeleteRepo(ctx context.Context, name string) error
}

var (
	_ nameStore     = (*pfs.Store)(nil)
	_ undeleteStore = (*pfs.Store)(nil)
)

func (h *Handler) renameRepo(ctx context.Context, r RenameRequest) (pfs.Repo, error) {
	repo, err := h.versions.names.RenameRepo(ctx, r.Repo, r.To)
	repo.Created = repo.Created.UTC()
	return repo, err
}

func (h *Handler) renameBranch(ctx context.Context, r RenameRequest) (pfs.Branch, error) {
	ref, err := pfs.ParseRef(r.Ref)
	if err != nil {
		return pfs.Branch{}, err
	}
	branch, err := h.versions.names.RenameBranch(ctx, ref, r.To)
	return inUTC(branch), err
}

func (h *Handler) inspectRepo(ctx context.Context, r RepoRequest) (RepoInfo, error) {
	repos, err := h.versions.names.Repos(ctx)
	if err != nil {
		return RepoInfo{}, err
	}
	i := slices.IndexFunc(repos, func(repo pfs.Repo) bool { return repo.Name == r.Name })
	if i < 0 {
		return RepoInfo{}, &pfs.Error{Op: "control.inspectRepo", Kind: pfs.KindRepoNotFound, Ref: r.Name}
	}
	info := RepoInfo{Repo: repos[i]}
	info.Created = info.Created.UTC()
	if info.Branches, err = h.versions.names.Branches(ctx, r.Name); err != nil {
		return RepoInfo{}, err
	}
	for i := range info.Branches {
		info.Branches[i] = inUTC(info.Branches[i])
	}
	if info.Tags, err = h.tagsOf(ctx, r.Name); err != nil {
		return RepoInfo{}, err
	}
	info.Open, err = h.openOf(ctx, r.Name, "")
	return info, err
}

func (h *Handler) inspectBranch(ctx context.Context, r BranchRequest) (BranchInfo, error) {
	ref, err := pfs.ParseRef(r.Ref)
	if err != nil {
		return BranchInfo{}, err
	}
	branch, err := h.versions.names.Branch(ctx, ref)
	if err != nil {
		return BranchInfo{}, err
	}
	info := BranchInfo{Branch: inUTC(branch)}
	if info.Keep, err = h.versions.keep.Keep(ctx, ref); err != nil {
		return BranchInfo{}, err
	}
	info.Open, err = h.openOf(ctx, ref.Repo, ref.Name)
	return info, err
}

func (h *Handler) deletions(ctx context.Context, _ nothing) iter.Seq2[pfs.Deleted, error] {
	deleted, err := h.versions.deleted.Deletions(ctx)
	if err != nil {
		return failed[pfs.Deleted](err)
	}
	left, err := h.versions.deleted.LeftBehind(ctx)
	if err != nil {
		return failed[pfs.Deleted](err)
	}
	deleted = append(deleted, left...)
	slices.SortStableFunc(deleted, func(a, b pfs.Deleted) int { return b.Time.Compare(a.Time) })
	return func(yield func(pfs.Deleted, error) bool) {
		for _, d := range deleted {
			d.Time, d.Until = d.Time.UTC(), d.Until.UTC()
			if !yield(d, nil) {
				return
			}
		}
	}
}

// undelete restores the repo when there is none of that name, and else the branch or tag.
func (h *Handler) undelete(ctx context.Context, r UndeleteRequest) (nothing, error) {
	ref, err := pfs.ParseRef(r.Ref)
	if err != nil {
		return nothing{}, err
	}
	if r.Repo != "" {
		if err := h.versions.deleted.UndeleteRepo(ctx, r.Repo); pfs.KindOf(err) != pfs.KindExists {
			return nothing{}, err
		}
	}
	return nothing{}, h.versions.deleted.Undelete(ctx, ref)
}
