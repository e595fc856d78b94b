package control

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// keepStore is what policies for automatic commits need of the core.
type keepStore interface {
	Keep(ctx context.Context, ref pfs.Ref) (string, error)
	SetKeep(ctx context.Context, ref pfs.Ref, policy string) error
	Thin(ctx context.Context, ref pfs.Ref, dryRun bool) ([]pfs.CommitID, error)
	WouldThin(ctx context.Context, ref pfs.Ref, policy string) ([]pfs.CommitID, error)
}

var _ keepStore = (*pfs.Store)(nil)

// setKeep sets a policy, and applies it at once; a dry run only finds out what that would do.
func (h *Handler) setKeep(ctx context.Context, r KeepRequest) iter.Seq2[Kept, error] {
	ids, err := h.thin(ctx, r)
	if err != nil {
		return failed[Kept](err)
	}
	return func(yield func(Kept, error) bool) {
		for _, id := range ids {
			if !yield(Kept{ID: id}, nil) {
				return
			}
		}
	}
}

func (h *Handler) thin(ctx context.Context, r KeepRequest) ([]pfs.CommitID, error) {
	ref, err := pfs.ParseRef(r.Ref)
	if err != nil {
		return nil, err
	}
	if r.DryRun {
		return h.versions.keep.WouldThin(ctx, ref, r.Policy)
	}
	if err := h.versions.keep.SetKeep(ctx, ref, r.Policy); err != nil {
		return nil, err
	}
	return h.versions.keep.Thin(ctx, ref, false)
}
