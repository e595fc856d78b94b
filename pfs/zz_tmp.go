package pfs

import (
	"context"
)

type CheckOptions struct{ Deep bool }
type Problem struct {
	Ref, Path string
	Err       error
}
type CheckReport struct {
	Repos, Branches, Tags, Commits, Entries, Uploads int64
	Problems                                         []Problem
}

func (s *Store) Check(ctx context.Context, o CheckOptions) (*CheckReport, error) {
	return &CheckReport{}, nil
}
