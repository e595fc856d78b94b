package pfs_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"pfsd/pfs"
)

// countdown is a context that is found cancelled once it has been asked a number of times.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestInterrupted cancels requests that take several steps at every point of each: what has failed has written nothing.
func TestInterrupted(t *testing.T) {
	s := newCountedStore(t)
	dev, v1 := pfs.BranchRef("images", "dev"), pfs.BranchRef("images", "v1")
	put(t, s.Store, master, "a", "1")
	branchOf(t, s.Store, dev, master)
	_, err := s.CreateTag(ctx, v1, master)
	noError(t, err)
	open, err := s.StartCommit(ctx, dev, byCLI)
	noError(t, err)
	workspace := pfs.Ref{Repo: "images", Name: "dev", Commit: open.ID}
	put(t, s.Store, workspace, "b", "2")
	_, err = s.CreateUpload(ctx, workspace, "c", nil)
	noError(t, err)
	for _, step := range []struct {
		name string
		do   func(ctx context.Context) error
	}{
		{"DeleteRepo", func(ctx context.Context) error { return s.DeleteRepo(ctx, "images", true) }},
		{"UndeleteRepo", func(ctx context.Context) error { return s.UndeleteRepo(ctx, "images") }},
		{"RenameBranch", func(ctx context.Context) error { return second(s.RenameBranch(ctx, dev, "prod")) }},
		{"RenameBranch back", func(ctx context.Context) error {
			return second(s.RenameBranch(ctx, pfs.BranchRef("images", "prod"), "dev"))
		}},
		{"FinishCommit", func(ctx context.Context) error {
			return second(s.FinishCommit(ctx, workspace, byCLI, pfs.ResolveNone))
		}},
		{"DeleteBranch", func(ctx context.Context) error { return s.DeleteBranch(ctx, dev, false) }},
		{"Undelete", func(ctx context.Context) error { return s.Undelete(ctx, dev) }},
	} {
		s.writes.Take()
		for n := 0; ; n++ {
			interrupted := &countdown{Context: ctx}
			interrupted.left.Store(int64(n))
			err := step.do(interrupted)
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s, interrupted at %d: %v", step.name, n, err)
			}
			if written := s.writes.Take(); len(written) > 0 {
				t.Fatalf("%s, interrupted at %d, has written %d times", step.name, n, len(written))
			}
		}
	}
	if got := read(t, s.Store, dev, "b"); got != "2" {
		t.Errorf("the branch has %q", got)
	}
}
