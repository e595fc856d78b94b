package control

import (
	"context"
	"io/fs"
	"iter"

	"github.com/bmatcuk/doublestar/v4"

	"pfsd/pfs"
)

// glob yields the entries whose path matches a pattern. Only directories that can hold a match are read.
func (h *Handler) glob(ctx context.Context, r FileRequest) iter.Seq2[Entry, error] {
	snap, err := h.snapshot(ctx, r.Ref, false)
	if err != nil {
		return failed[Entry](err)
	}
	if !doublestar.ValidatePattern(r.Path) || r.Path == "" {
		return failed[Entry](&pfs.Error{Op: "control.glob", Kind: pfs.KindInvalid, Ref: r.Ref, Path: r.Path,
			Err: doublestar.ErrBadPattern})
	}
	pending := snap.Version().Pending
	return func(yield func(Entry, error) bool) {
		err := doublestar.GlobWalk(snap.FS(ctx), r.Path, func(name string, d fs.DirEntry) error {
			info, err := d.Info()
			if err != nil {
				return err
			}
			e, ok := info.Sys().(*pfs.Entry)
			if !ok || name == "." {
				return nil
			}
			if !yield(entryOf(name, *e, pending), nil) {
				return errEnough
			}
			return nil
		}, doublestar.WithFailOnIOErrors())
		if err != nil && err != errEnough {
			failed[Entry](err)(yield)
		}
	}
}
