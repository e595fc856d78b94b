package control

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// tagStore is what the operations on tags need of the core.
type tagStore interface {
	CreateTag(ctx context.Context, ref, from pfs.Ref) (pfs.Tag, error)
	DeleteTag(ctx context.Context, ref pfs.Ref) error
	Tags(ctx context.Context, repo string) ([]pfs.Tag, error)
}

var _ tagStore = (*pfs.Store)(nil)

func (h *Handler) createTag(ctx context.Context, r TagRequest) (pfs.Tag, error) {
	ref, err := pfs.ParseRef(r.Ref)
	if err != nil {
		return pfs.Tag{}, err
	}
	from, err := h.ref(ctx, r.From)
	if err != nil {
		return pfs.Tag{}, err
	}
	if err := cut(ctx, h.history, from); err != nil {
		return pfs.Tag{}, err
	}
	tag, err := h.versions.tags.CreateTag(ctx, ref, from)
	tag.Created = tag.Created.UTC()
	return tag, h.unfinished(ctx, from, err)
}

func (h *Handler) deleteTag(ctx context.Context, r TagRequest) (nothing, error) {
	ref, err := pfs.ParseRef(r.Ref)
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, h.versions.tags.DeleteTag(ctx, ref)
}

func (h *Handler) listTags(ctx context.Context, r TagRequest) iter.Seq2[pfs.Tag, error] {
	names := []string{r.Repo}
	if r.Repo == "" {
		repos, err := h.repos.Repos(ctx)
		if err != nil {
			return failed[pfs.Tag](err)
		}
		names = names[:0]
		for _, repo := range repos {
			names = append(names, repo.Name)
		}
	}
	return func(yield func(pfs.Tag, error) bool) {
		for _, name := range names {
			tags, err := h.tagsOf(ctx, name)
			if pfs.KindOf(err) == pfs.KindRepoNotFound && r.Repo == "" {
				continue // deleted just now
			}
			if err != nil {
				failed[pfs.Tag](err)(yield)
				return
			}
			for _, tag := range tags {
				if !yield(tag, nil) {
					return
				}
			}
		}
	}
}

func (h *Handler) tagsOf(ctx context.Context, repo string) ([]pfs.Tag, error) {
	tags, err := h.versions.tags.Tags(ctx, repo)
	for i := range tags {
		tags[i].Created = tags[i].Created.UTC()
	}
	return tags, err
}
