package pfs

import (
	"slices"

	"pfsd/pfs/internal/tree"
)

// linkAll notes the contents that a copy of a directory links and that may not be on disk yet: those which are pending in the
// version that it comes from. When one of these has been lost on its way, only those count that are copied; the error then
// names the file.
func (t *Tx) linkAll(version *Snapshot, from string, entry tree.Entry) error {
	if !entry.IsDir() || version.live == nil || slices.Contains(t.copied, version) {
		return nil
	}
	if pending := version.live.pending.links; t.group.verify(t.ctx, pending) == nil {
		t.links, t.copied = append(t.links, pending...), append(t.copied, version)
		return nil
	}
	v := linkVerifier{ctx: t.ctx, group: t.group}
	before := t.group.store.trees.Empty()
	switch old, _, err := version.live.head.find(t.ctx, from); {
	case err == nil && old.IsDir():
		before = old.Sub
	case err != nil && KindOf(err) != KindFileNotFound && KindOf(err) != KindNotDir:
		return err
	}
	err := v.dir(from, before, entry.Sub)
	if err == nil && from == "" {
		err = v.dir("", version.live.head.linked, version.view.linked)
	}
	t.links = append(t.links, v.links...)
	return err
}
