package control

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// headStore is what the list of a branch's heads needs of the core.
type headStore interface {
	Reflog(ctx context.Context, ref pfs.Ref) iter.Seq2[pfs.Head, error]
}

var _ headStore = (*pfs.Store)(nil)

// reflog lists the heads of a branch, once what is pending on it is in a commit.
func (h *Handler) reflog(ctx context.Context, r HeadsRequest) iter.Seq2[Head, error] {
	ref, err := h.ref(ctx, r.Ref)
	if err == nil {
		err = cut(ctx, h.history, ref)
	}
	if err != nil {
		return failed[Head](err)
	}
	return func(yield func(Head, error) bool) {
		n := 0
		for head, err := range h.versions.heads.Reflog(ctx, ref) {
			if !yield(headOf(head), err) || err != nil {
				return
			}
			if n++; n == r.Limit {
				return
			}
		}
	}
}

// headOf returns a head as commands show it.
func headOf(h pfs.Head) Head {
	head := Head{
		ID: h.ID, Time: h.Time.UTC(), Author: h.Author, Moved: h.Moved, Why: h.Why, State: HeadLeft, Until: h.Until.UTC(),
	}
	if !h.Time.IsZero() {
		head.Origin = h.Origin.String()
	}
	switch {
	case h.Named:
		head.State = HeadNamed
	case h.Gone:
		head.State = HeadGone
	}
	return head
}
