package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"pfsd/pfs"
)

// changeStore is what changing files needs of the core.
type changeStore interface {
	Ingest(ctx context.Context, r io.Reader) (*pfs.Ingested, error)
	Update(ctx context.Context, ref pfs.Ref, by pfs.By, fn func(*pfs.Tx) error) (pfs.Commit, error)
}

var _ changeStore = (*pfs.Store)(nil)

// putItem is one entry of a put, with its bytes where it has some.
type putItem struct {
	Entry
	content *pfs.Ingested
}

// put stores the files of a stream of parts and links them in one commit, which it answers with. The first part is a
// PutRequest, each other an Entry of kind file, dir or symlink with its bytes; its path is from the root, and a zero
// mtime stands for the time of the commit. When the stream does not come to its proper end nothing is linked.
func (h *Handler) put(w http.ResponseWriter, r *http.Request) {
	commit, err := h.putParts(r.Context(), r.Body, r.Header.Get("Content-Type"))
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(commitOf(commit))
}

func (h *Handler) putParts(ctx context.Context, body io.Reader, contentType string) (pfs.Commit, error) {
	parts, err := NewPartReader(body, contentType)
	if err != nil {
		return pfs.Commit{}, invalid(err)
	}
	var req PutRequest
	if _, err := parts.Next(&req); err != nil {
		return pfs.Commit{}, invalid(err)
	}
	ref, err := pfs.ParseRef(req.Ref)
	if err != nil {
		return pfs.Commit{}, err
	}
	items, err := h.ingestParts(ctx, parts)
	defer func() {
		for _, item := range items {
			item.release()
		}
	}()
	if err != nil {
		return pfs.Commit{}, err
	}
	return h.changes.Update(ctx, ref, req.By.by(req.Message), func(tx *pfs.Tx) error {
		for _, item := range items {
			if err := item.link(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// ingestParts stores the bytes of all parts. The items are to be released, also beside an error.
func (h *Handler) ingestParts(ctx context.Context, parts *PartReader) ([]putItem, error) {
	var items []putItem
	for {
		var item putItem
		body, err := parts.Next(&item.Entry)
		if err == io.EOF {
			return items, nil
		}
		if err != nil {
			return items, err
		}
		if item.Kind == pfs.EntryFile.String() {
			if item.content, err = h.changes.Ingest(ctx, body); err != nil {
				return items, err
			}
		}
		items = append(items, item)
	}
}

func (i *putItem) release() {
	if i.content != nil {
		i.content.Release()
	}
}

// link puts the item at its path.
func (i *putItem) link(tx *pfs.Tx) error {
	mtime := int64(0)
	if !i.Mtime.IsZero() {
		mtime = i.Mtime.UnixNano()
	}
	switch i.Kind {
	case pfs.EntryFile.String():
		if err := tx.PutFile(i.Path, i.content.Content, nil, mtime); err != nil {
			return err
		}
	case pfs.EntryDir.String():
		if e, err := tx.Stat(i.Path); err == nil && e.IsDir() && e.Explicit {
			return nil
		}
		if err := tx.MakeDir(i.Path, nil); err != nil {
			return err
		}
	case pfs.EntrySymlink.String():
		return i.linkSymlink(tx, mtime)
	default:
		return invalid(fmt.Errorf("a put of a %q", i.Kind))
	}
	if i.Mode == 0 {
		return nil
	}
	return tx.Edit(i.Path, func(e *pfs.Entry) error {
		e.Mode = uint32(i.Mode) & 0o7777
		return nil
	})
}

// linkSymlink makes a symbolic link in place of what is there, unless that is a directory.
func (i *putItem) linkSymlink(tx *pfs.Tx, mtime int64) error {
	if err := tx.Unlink(i.Path); err != nil && pfs.KindOf(err) != pfs.KindFileNotFound {
		return err
	}
	now := tx.Now()
	if mtime == 0 {
		mtime = now
	}
	target := i.Target
	if i.RawTarget != nil {
		target = string(i.RawTarget)
	}
	if target == "" {
		return invalid(errors.New("a symbolic link without a target"))
	}
	return tx.Create(i.Path, pfs.Entry{
		Kind: pfs.EntrySymlink, Mode: 0o777, UID: i.UID, GID: i.GID, Target: target, Mtime: mtime, Ctime: now, Btime: now,
	})
}
