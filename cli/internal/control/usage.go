package control

import (
	"context"

	"pfsd/pfs"
)

// usageStore is what measuring needs of the core.
type usageStore interface {
	Usage(ctx context.Context, ref pfs.Ref, history bool) (pfs.Usage, error)
}

var _ usageStore = (*pfs.Store)(nil)

func (h *Handler) measure(ctx context.Context, r UsageRequest) (pfs.Usage, error) {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return pfs.Usage{}, err
	}
	if ref.Committed || r.History {
		if err := cut(ctx, h.history, ref); err != nil {
			return pfs.Usage{}, err
		}
	}
	usage, err := h.versions.usage.Usage(ctx, ref, r.History)
	return usage, h.unfinished(ctx, ref, err)
}
