package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"runtime"

	"golang.org/x/sync/errgroup"

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
// PutRequest, each other an Entry of kind file, dir, symlink or link with its bytes; its path is from the root, and a zero
// mtime stands for the time of the commit. A file with an ETag comes without bytes: the branch must have it with that ETag.
// A link is a further name of the file at the path that is its target. When the stream does not come to its proper end
// nothing is linked.
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
	ref, err := h.ref(ctx, req.Ref)
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
		return setTimes(tx, items)
	})
}

// smallPart is the size up to which parts are gathered in memory, so that several are stored at a time.
const smallPart = 1 << 20

// ingestParts stores the bytes of all parts. The items are to be released, also beside an error.
func (h *Handler) ingestParts(ctx context.Context, parts *PartReader) (items []*putItem, err error) {
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(runtime.GOMAXPROCS(0))
	defer func() {
		if waitErr := workers.Wait(); waitErr != nil {
			err = waitErr
		}
	}()
	for {
		item := new(putItem)
		body, err := parts.Next(&item.Entry)
		if err == io.EOF {
			return items, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return items, err
		}
		items = append(items, item)
		if item.Kind != pfs.EntryFile.String() || item.ETag != "" {
			continue
		}
		if err := h.ingestPart(ctx, workers, item, body); err != nil {
			return items, err
		}
	}
}

// ingestPart stores the bytes of a part: a large one itself, a small one by a worker.
func (h *Handler) ingestPart(ctx context.Context, workers *errgroup.Group, item *putItem, body io.Reader) error {
	ingest := func(r io.Reader) (err error) {
		item.content, err = h.changes.Ingest(ctx, r)
		return err
	}
	var start bytes.Buffer
	if _, err := io.CopyN(&start, body, smallPart); err == nil {
		return ingest(io.MultiReader(&start, body))
	} else if err != io.EOF {
		return err
	}
	workers.Go(func() error { return ingest(&start) })
	return nil
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
		return i.linkFile(tx, mtime)
	case pfs.EntryDir.String():
		if e, err := tx.Stat(i.Path); err != nil || !e.IsDir() || !e.Explicit {
			if err := tx.MakeDir(i.Path, nil); err != nil {
				return err
			}
		}
		return i.setAttributes(tx, 0)
	case pfs.EntryLink.String():
		return i.linkAgain(tx, mtime)
	case pfs.EntrySymlink.String():
		return i.linkSymlink(tx, mtime)
	}
	return invalid(fmt.Errorf("a put of a %q", i.Kind))
}

// errNotSame says that a file does not have the bytes any more because of which they were not sent.
var errNotSame = errors.New("it was changed meanwhile; put it again")

// linkFile links the content that came, or, when only its ETag did, checks that the file has that content.
func (i *putItem) linkFile(tx *pfs.Tx, mtime int64) error {
	if i.ETag == "" {
		if err := tx.PutFile(i.Path, i.content.Content, nil, mtime); err != nil {
			return err
		}
		return i.setAttributes(tx, 0)
	}
	e, err := tx.Stat(i.Path)
	if err != nil || e.Kind != pfs.EntryFile || e.Content.ETag() != i.ETag {
		return &pfs.Error{Op: "control.put", Kind: pfs.KindConflict, Path: i.Path, Err: errNotSame}
	}
	return i.setAttributes(tx, mtime)
}

// linkAgain gives the content of another file of the put, or of the branch, to a path.
func (i *putItem) linkAgain(tx *pfs.Tx, mtime int64) error {
	e, err := tx.Stat(i.Target)
	if err != nil {
		return err
	}
	if e.Kind != pfs.EntryFile {
		return &pfs.Error{Op: "control.put", Kind: pfs.KindInvalid, Path: i.Target, Err: errNotAFile}
	}
	if err := tx.PutFile(i.Path, e.Content, e.Meta, mtime); err != nil {
		return err
	}
	return i.setAttributes(tx, 0)
}

// setAttributes sets the mode of what is at the item's path, and, unless it is 0, the modification time, if they differ.
func (i *putItem) setAttributes(tx *pfs.Tx, mtime int64) error {
	e, err := tx.Stat(i.Path)
	if err != nil {
		return err
	}
	mode := uint32(i.Mode) & 0o7777
	if i.Mode == 0 {
		mode = e.Mode
	}
	if mtime == 0 {
		mtime = e.Mtime
	}
	if e.Mode == mode && e.Mtime == mtime {
		return nil
	}
	return tx.Edit(i.Path, func(e *pfs.Entry) error {
		e.Mode, e.Mtime = mode, mtime
		return nil
	})
}

// setTimes sets the times of directories, which the changes in them have changed.
func setTimes(tx *pfs.Tx, items []*putItem) error {
	for _, item := range items {
		if item.Kind != pfs.EntryDir.String() || item.Mtime.IsZero() {
			continue
		}
		if err := item.setAttributes(tx, item.Mtime.UnixNano()); err != nil {
			return err
		}
	}
	return nil
}

// linkSymlink makes a symbolic link in place of what is there, unless that is a directory.
func (i *putItem) linkSymlink(tx *pfs.Tx, mtime int64) error {
	target := i.Target
	if i.RawTarget != nil {
		target = string(i.RawTarget)
	}
	now := tx.Now()
	if mtime == 0 {
		mtime = now
	}
	e, err := tx.Stat(i.Path)
	if err == nil && e.Kind == pfs.EntrySymlink && e.Target == target && e.Mtime == mtime {
		return nil
	}
	if err := tx.Unlink(i.Path); err != nil && pfs.KindOf(err) != pfs.KindFileNotFound {
		return err
	}
	if target == "" {
		return invalid(errors.New("a symbolic link without a target"))
	}
	// An archive need not have an entry for the directory.
	if dir := path.Dir(i.Path); dir != "." {
		if _, err := tx.Stat(dir); pfs.KindOf(err) == pfs.KindFileNotFound {
			if err := tx.MakeDir(dir, nil); err != nil {
				return err
			}
		}
	}
	return tx.Create(i.Path, pfs.Entry{
		Kind: pfs.EntrySymlink, Mode: 0o777, UID: i.UID, GID: i.GID, Target: target, Mtime: mtime, Ctime: now, Btime: now,
	})
}
