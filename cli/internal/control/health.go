package control

import (
	"context"

	"pfsd/pfs"
)

// healthStore is what status needs of the core.
type healthStore interface {
	Status(ctx context.Context) (pfs.Status, error)
}

var _ healthStore = (*pfs.Store)(nil)

func (h *Handler) status(ctx context.Context, _ nothing) (Status, error) {
	store, err := h.health.Status(ctx)
	if err != nil {
		return Status{}, err
	}
	s := Status{Data: h.cfg.Data, Host: h.cfg.Host, Store: store, Moved: h.versions.moved.sum(), S3: []Door{}, Mounts: []Door{}}
	for _, d := range h.cfg.Doors.Doors() {
		if d.Kind == DoorMount {
			s.Mounts = append(s.Mounts, d)
		} else {
			s.S3 = append(s.S3, d)
		}
	}
	return s, nil
}

func (h *Handler) unmount(ctx context.Context, r UnmountRequest) (nothing, error) {
	return nothing{}, h.cfg.Doors.Unmount(ctx, r.Dir)
}
