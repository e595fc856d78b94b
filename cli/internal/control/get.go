package control

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"pfsd/pfs"
)

// get answers with a file, or, when Recursive, a directory and all that is below it, of one version: a stream of parts,
// each an Entry with its bytes; those of a file alone can begin at an offset. The first is what was asked for. Paths are
// relative to it, its own is empty.
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
	if req.Offset < 0 || req.Offset > 0 && (top.Kind != pfs.EntryFile || req.Offset > top.Content.Size) {
		fail(w, invalid(errors.New("an offset beyond the file")))
		return
	}
	parts := NewPartWriter(w)
	w.Header().Set("Content-Type", partsType)
	_ = parts.Close(h.writeParts(r.Context(), parts, snap, top, req))
}

func (h *Handler) writeParts(
	ctx context.Context, parts *PartWriter, snap *pfs.Snapshot, top pfs.Entry, r FileRequest,
) error {
	path := r.Path
	if err := h.writePart(ctx, parts, "", top, r.Offset); err != nil || !top.IsDir() {
		return err
	}
	prefix := path
	if path != "" {
		prefix += "/"
	}
	first := map[pfs.LinkID]string{}
	for item, err := range below(ctx, snap, path, true) {
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(item.Path, prefix), "/")
		if other, again := first[item.Entry.Link]; again && r.Links {
			_, err = parts.Next(Entry{Path: name, Kind: pfs.EntryLink.String(), Target: other})
		} else {
			err = h.writePart(ctx, parts, name, item.Entry, 0)
		}
		if err != nil {
			return err
		}
		if !item.Entry.Link.IsZero() && first[item.Entry.Link] == "" {
			first[item.Entry.Link] = name
		}
	}
	return nil
}

// writePart writes an entry, and its bytes from offset on.
func (h *Handler) writePart(ctx context.Context, parts *PartWriter, path string, e pfs.Entry, offset int64) error {
	item := entryOf(path, e, pfs.CommitID{})
	if e.Meta != nil {
		item.Xattrs = e.Meta.Xattrs
	}
	w, err := parts.Next(item)
	if err != nil || e.Kind != pfs.EntryFile {
		return err
	}
	n, err := h.contents.OpenContent(e.Content).CopyRange(ctx, w, offset, e.Content.Size-offset)
	h.versions.moved.out.Add(n)
	return err
}
