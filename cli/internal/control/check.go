package control

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// opRepair makes again what can be made again.
const opRepair = "/fsck/repair"

// checker is what a check and a repair need of the core.
type checker interface {
	Check(ctx context.Context, o pfs.CheckOptions) (*pfs.CheckReport, error)
	Repair(ctx context.Context) (*pfs.RepairReport, error)
}

var _ checker = (*pfs.Store)(nil)

// checkLine is how far a check has come, or what it has found.
type checkLine struct {
	Progress *pfs.CheckProgress `json:"progress,omitempty"`
	Report   *CheckReport       `json:"report,omitempty"`
}

// Check verifies the store. progress, if it is not nil, is called from time to time until then.
func (c *Client) Check(ctx context.Context, r CheckRequest, progress func(pfs.CheckProgress)) (CheckReport, error) {
	var report CheckReport
	for l, err := range listOf[checkLine](ctx, c, opCheck, r) {
		switch {
		case err != nil:
			return CheckReport{}, err
		case l.Report != nil:
			report = *l.Report
		case l.Progress != nil && progress != nil:
			progress(*l.Progress)
		}
	}
	return report, nil
}

// Repair makes again what can be made again of rows that are missing or wrong.
func (c *Client) Repair(ctx context.Context) (pfs.RepairReport, error) {
	return call[pfs.RepairReport](ctx, c, opRepair, nothing{})
}

func (h *Handler) handleCheck(store checker) {
	h.handle(opCheck, list(h, func(ctx context.Context, r CheckRequest) iter.Seq2[checkLine, error] {
		return check(ctx, store, r)
	}))
	h.handle(opRepair, value(func(ctx context.Context, _ nothing) (pfs.RepairReport, error) {
		report, err := store.Repair(ctx)
		if err != nil {
			return pfs.RepairReport{}, err
		}
		return *report, nil
	}))
}

// check yields how far the check has come, and in the end its report. When nobody listens any more it ends.
func check(ctx context.Context, store checker, r CheckRequest) iter.Seq2[checkLine, error] {
	return func(yield func(checkLine, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		gone := false
		report, err := store.Check(ctx, pfs.CheckOptions{Deep: r.Deep, Rate: r.Rate, Progress: func(p pfs.CheckProgress) {
			if !gone && !yield(checkLine{Progress: &p}, nil) {
				gone = true
				stop()
			}
		}})
		switch {
		case gone:
		case err != nil:
			yield(checkLine{}, err)
		default:
			yield(checkLine{Report: reportOf(report)}, nil)
		}
	}
}

func reportOf(report *pfs.CheckReport) *CheckReport {
	out := &CheckReport{
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
	return out
}
