package control

import (
	"context"
	"time"

	"pfsd/pfs"
)

// opCollect collects garbage.
const opCollect = "/gc"

// CollectRequest starts a collection of garbage.
type CollectRequest struct {
	// Grace is how long what was deleted stays; nil for what the store says.
	Grace *time.Duration `json:"grace,omitempty"`
	// DryRun only counts.
	DryRun bool `json:"dry_run,omitempty"`
	// AfterSalvage is as in pfs.GCOptions.
	AfterSalvage bool `json:"after_salvage,omitempty"`
}

// collector is what a collection needs of the core.
type collector interface {
	GC(ctx context.Context, o pfs.GCOptions) (*pfs.GCReport, error)
}

var _ collector = (*pfs.Store)(nil)

// Collect collects garbage and returns what it has found and freed.
func (c *Client) Collect(ctx context.Context, r CollectRequest) (pfs.GCReport, error) {
	return call[pfs.GCReport](ctx, c, opCollect, r)
}

func (h *Handler) handleCollect(store collector) {
	h.handle(opCollect, value(func(ctx context.Context, r CollectRequest) (pfs.GCReport, error) {
		o := pfs.GCOptions{Grace: -1, DryRun: r.DryRun, AfterSalvage: r.AfterSalvage}
		if r.Grace != nil {
			o.Grace = *r.Grace
		}
		report, err := store.GC(ctx, o)
		if err != nil {
			return pfs.GCReport{}, err
		}
		return *report, nil
	}))
}
