package pfs

import (
	"context"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// pendingLinks returns the roots of the contents that the pending changes link. When one has been lost on its way to the
// disk, only those count that the branch still shows: whoever replaces or removes the file that has lost its bytes frees
// the branch, which can have no commit before that. The error then names the file.
func (w *working) pendingLinks(ctx context.Context) ([]schema.Hash, error) {
	if w.group.verify(ctx, w.pending.links) == nil {
		return w.pending.links, nil
	}
	v := linkVerifier{ctx: ctx, group: w.group}
	err := v.dir("", w.head.root.Sub, w.root.Sub)
	if err == nil {
		err = v.dir("", w.head.linked, w.linked)
	}
	return v.links, err
}

// linkVerifier collects the contents that one directory has and another had not, and fails when one is lost.
type linkVerifier struct {
	ctx   context.Context
	group *group
	links []schema.Hash
}

func (v *linkVerifier) dir(path string, before, after *tree.Dir) error {
	for delta, err := range tree.Diff(v.ctx, before, after) {
		if err == nil && delta.New != nil {
			err = v.entry(joinPath(path, delta.New.Name), delta.Old, delta.New)
		}
		if err != nil {
			return wrap("pfs.Commit", err, "", path)
		}
	}
	return nil
}

func (v *linkVerifier) entry(path string, before, after *tree.Entry) error {
	switch {
	case after.Kind == EntryFile:
		root := after.Content.Root
		v.links = append(v.links, root)
		if err := v.group.store.contents.Verify(v.ctx, root); err != nil {
			return wrap("pfs.Commit", err, "", path)
		}
		return nil
	case !after.IsDir():
		return nil
	case before != nil && before.IsDir():
		return v.dir(path, before.Sub, after.Sub)
	default:
		return v.dir(path, v.group.store.trees.Empty(), after.Sub)
	}
}
