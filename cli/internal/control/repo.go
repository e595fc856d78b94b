package control

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// repoStore is what the operations on repos need of the core.
type repoStore interface {
	CreateRepo(ctx context.Context, name string, owner pfs.Owner, by pfs.By) (pfs.Repo, error)
	DeleteRepo(ctx context.Context, name string, force bool) error
	Repos(ctx context.Context) ([]pfs.Repo, error)
}

var _ repoStore = (*pfs.Store)(nil)

func (h *Handler) createRepo(ctx context.Context, r RepoRequest) (pfs.Repo, error) {
	repo, err := h.repos.CreateRepo(ctx, r.Name, r.By.owner(), r.By.by(""))
	repo.Created = repo.Created.UTC()
	return repo, err
}

func (h *Handler) deleteRepo(ctx context.Context, r RepoRequest) (nothing, error) {
	return nothing{}, h.repos.DeleteRepo(ctx, r.Name, r.Force)
}

func (h *Handler) listRepos(ctx context.Context, _ nothing) iter.Seq2[pfs.Repo, error] {
	repos, err := h.repos.Repos(ctx)
	if err != nil {
		return failed[pfs.Repo](err)
	}
	return func(yield func(pfs.Repo, error) bool) {
		for _, repo := range repos {
			repo.Created = repo.Created.UTC()
			if !yield(repo, nil) {
				return
			}
		}
	}
}
