package control

import (
	"context"
	"net/http"
	"strings"

	"pfsd/pfs"
)

// get answers with a file, or, when Recursive, a directory and all that is below it, of one version: a stream of parts,
// each an Entry with its bytes. The first is what was asked for. Paths are relative to it, its own is empty.
func (h *Handler) get(w http.ResponseWriter, r *http.Request) {
	var req FileRequest
	if err := readRequest(w, r, &req); err != nil {
		fail(w, err)
		return
	}
	snap, err := h.snapshot(r.Context(), req.Ref, false)
	if err != nil {
		fail(w, err)
		return
	}
	top, err := snap.Stat(r.Context(), req.Path)
	if err == nil && !req.Recursive {
		err = checkReadable(top, req)
	}
	if err != nil {
		fail(w, err)
		return
	}
	parts := NewPartWriter(w)
	w.Header().Set("Content-Type", partsType)
	_ = parts.Close(h.writeParts(r.Context(), parts, snap, top, req.Path))
}

func (h *Handler) writeParts(ctx context.Context, parts *PartWriter, snap *pfs.Snapshot, top pfs.Entry, path string) error {
	if err := h.writePart(ctx, parts, "", top); err != nil || !top.IsDir() {
		return err
	}
	prefix := path
	if path != "" {
		prefix += "/"
	}
	for item, err := range below(ctx, snap, path, true) {
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(item.Path, prefix), "/")
		if err := h.writePart(ctx, parts, name, item.Entry); err != nil {
			return err
		}
	}
	return nil
}

func (h *Handler) writePart(ctx context.Context, parts *PartWriter, path string, e pfs.Entry) error {
	w, err := parts.Next(entryOf(path, e, pfs.CommitID{}))
	if err != nil || e.Kind != pfs.EntryFile {
		return err
	}
	_, err = h.copyContent(ctx, w, e.Content)
	return err
}
