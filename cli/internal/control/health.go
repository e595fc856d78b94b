package control

import (
	"context"

	"pfsd/pfs"
)

// healthStore is what status and check need of the core.
type healthStore interface {
	Check(ctx context.Context, o pfs.CheckOptions) (*pfs.CheckReport, error)
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

func (h *Handler) check(ctx context.Context, r CheckRequest) (CheckReport, error) {
	report, err := h.health.Check(ctx, pfs.CheckOptions{Deep: r.Deep})
	if err != nil {
		return CheckReport{}, err
	}
	out := CheckReport{
		Repos: report.Repos, Branches: report.Branches, Tags: report.Tags, Commits: report.Commits,
		Entries: report.Entries, Uploads: report.Uploads, Problems: []Problem{},
	}
	for _, p := range report.Problems {
		problem := Problem{Ref: p.Ref, Path: p.Path}
		if p.Err != nil {
			problem.Error = p.Err.Error()
		}
		out.Problems = append(out.Problems, problem)
	}
	return out, nil
}

func (h *Handler) unmount(ctx context.Context, r UnmountRequest) (nothing, error) {
	return nothing{}, h.cfg.Doors.Unmount(ctx, r.Dir)
}
