package control

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// branchStore is what the operations on branches need of the core.
type branchStore interface {
	CreateBranch(ctx context.Context, ref pfs.Ref, o pfs.BranchOptions) (pfs.Branch, error)
	DeleteBranch(ctx context.Context, ref pfs.Ref, withRepo bool) error
	Branches(ctx context.Context, repo string) ([]pfs.Branch, error)
	cutter
}

var _ branchStore = (*pfs.Store)(nil)

func (h *Handler) createBranch(ctx context.Context, r BranchRequest) (pfs.Branch, error) {
	ref, err := pfs.ParseRef(r.Ref)
	if err != nil {
		return pfs.Branch{}, err
	}
	o := pfs.BranchOptions{CreateRepo: r.MakeRepo, Owner: r.By.owner(), By: r.By.by("")}
	if r.From != "" {
		if o.From, err = h.ref(ctx, r.From); err != nil {
			return pfs.Branch{}, err
		}
		if err := cut(ctx, h.branches, o.From); err != nil {
			return pfs.Branch{}, err
		}
	}
	branch, err := h.branches.CreateBranch(ctx, ref, o)
	return inUTC(branch), h.unfinished(ctx, o.From, err)
}

func (h *Handler) deleteBranch(ctx context.Context, r BranchRequest) (nothing, error) {
	ref, err := pfs.ParseRef(r.Ref)
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, h.branches.DeleteBranch(ctx, ref, false)
}

func (h *Handler) listBranches(ctx context.Context, r BranchRequest) iter.Seq2[pfs.Branch, error] {
	branches, err := h.branches.Branches(ctx, r.Repo)
	if err != nil {
		return failed[pfs.Branch](err)
	}
	return func(yield func(pfs.Branch, error) bool) {
		for _, branch := range branches {
			if !yield(inUTC(branch), nil) {
				return
			}
		}
	}
}

func inUTC(b pfs.Branch) pfs.Branch {
	b.Created, b.Changed = b.Created.UTC(), b.Changed.UTC()
	return b
}
