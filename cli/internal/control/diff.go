package control

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// diffStore is what comparing versions needs of the core.
type diffStore interface {
	Diff(ctx context.Context, a, b pfs.Ref, path string) iter.Seq2[pfs.Difference, error]
	Commit(ctx context.Context, ref pfs.Ref) (pfs.Commit, error)
}

var _ diffStore = (*pfs.Store)(nil)

// maxRenames bounds how many differences are held in memory to be searched for renames; beyond it they are additions and
// deletions.
const maxRenames = 20_000

// diff yields what is different in two versions. Directories that are only there because of the files in them are left out.
func (h *Handler) diff(ctx context.Context, r DiffRequest) iter.Seq2[Change, error] {
	from, to, err := h.sides(ctx, r)
	switch {
	case err != nil:
		return failed[Change](err)
	case from == (pfs.Ref{}):
		return func(func(Change, error) bool) {} // the first commit of a branch changes nothing
	}
	return func(yield func(Change, error) bool) {
		var held []Change
		streaming := false
		for d, err := range h.versions.diffs.Diff(ctx, from, to, r.Path) {
			switch {
			case err != nil:
				failed[Change](err)(yield)
				return
			case implied(d.Before) && implied(d.After):
				continue
			case streaming:
				if !yield(changeOf(d), nil) {
					return
				}
				continue
			}
			if held = append(held, changeOf(d)); len(held) == maxRenames {
				streaming = true
				if !yieldAll(held, yield) {
					return
				}
				held = nil
			}
		}
		yieldAll(withRenames(held), yield)
	}
}

// sides returns the two versions that are to be compared; the zero Ref when there is none before.
func (h *Handler) sides(ctx context.Context, r DiffRequest) (from, to pfs.Ref, err error) {
	if to, err = h.ref(ctx, r.To); err != nil {
		return from, to, err
	}
	if err = cut(ctx, h.history, to); err != nil {
		return from, to, err
	}
	if r.From != "" {
		if from, err = h.ref(ctx, r.From); err == nil {
			err = cut(ctx, h.history, from)
		}
		return from, to, err
	}
	info, err := h.inspectCommit(ctx, FileRequest{Ref: r.To})
	if err == nil && len(info.Parents) > 0 {
		from = pfs.Ref{Repo: to.Repo, Commit: info.Parents[0]}
	}
	return from, to, err
}

// implied reports whether an entry is none, or a directory that is there only because of what is in it.
func implied(e *pfs.Entry) bool { return e == nil || e.IsDir() && !e.Explicit }

func yieldAll(changes []Change, yield func(Change, error) bool) bool {
	for _, c := range changes {
		if !yield(c, nil) {
			return false
		}
	}
	return true
}

func changeOf(d pfs.Difference) Change {
	c := Change{Path: d.Path, Status: Changed}
	if d.Before != nil {
		e := entryOf(d.Path, *d.Before, pfs.CommitID{})
		c.Before = &e
	}
	if d.After != nil {
		e := entryOf(d.Path, *d.After, pfs.CommitID{})
		c.After = &e
	}
	switch {
	case d.Before == nil:
		c.Status = Added
	case d.After == nil:
		c.Status = Deleted
	}
	return c
}

// withRenames makes one change of a file that was added and one of the same, not empty content that was deleted.
func withRenames(changes []Change) []Change {
	deleted := map[string][]int{}
	for i, c := range changes {
		if c.Status == Deleted && isContent(c.Before) {
			deleted[c.Before.ETag] = append(deleted[c.Before.ETag], i)
		}
	}
	gone := map[int]bool{}
	for i, c := range changes {
		if c.Status != Added || !isContent(c.After) || len(deleted[c.After.ETag]) == 0 {
			continue
		}
		old := deleted[c.After.ETag][0]
		deleted[c.After.ETag] = deleted[c.After.ETag][1:]
		gone[old] = true
		changes[i].Status, changes[i].From, changes[i].Before = Renamed, changes[old].Path, changes[old].Before
	}
	kept := make([]Change, 0, len(changes)-len(gone))
	for i, c := range changes {
		if !gone[i] {
			kept = append(kept, c)
		}
	}
	return kept
}

func isContent(e *Entry) bool { return e.Kind == pfs.EntryFile.String() && e.Size > 0 }
