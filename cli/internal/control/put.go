package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"runtime"
	"slices"

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
	// owned is set when UID and GID count.
	owned bool
}

// put stores the files of a stream of parts and links them in one commit, which it answers with. The first part is a
// PutRequest, each other an Entry of any kind but socket, a link or a file with its bytes; its path is from the root, and a zero
// mtime stands for the time of the commit. A file with an ETag comes without bytes: the branch must have it with that ETag.
// A link is a further name of the file at the path that is its target. A void part is left out. When the stream does not come
// to its proper end nothing is linked.
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
	items, err := h.ingestParts(ctx, parts, req.Owners)
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
func (h *Handler) ingestParts(ctx context.Context, parts *PartReader, owned bool) (items []*putItem, err error) {
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(runtime.GOMAXPROCS(0))
	defer func() {
		if waitErr := workers.Wait(); waitErr != nil {
			err = waitErr
		}
	}()
	for {
		item := &putItem{owned: owned}
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
		err = h.ingestPart(ctx, workers, item, metered{body, &h.versions.moved.in})
		if errors.Is(err, errVoid) {
			items, err = items[:len(items)-1], nil
		}
		if err != nil {
			return items, err
		}
	}
}

// ingestPart stores the bytes of a part: a large one itself, a small one by a worker.
func (h *Handler) ingestPart(ctx context.Context, workers *errgroup.Group, item *putItem, body PartBody) error {
	ingest := func(r io.Reader) (err error) {
		item.content, err = h.changes.Ingest(ctx, r)
		return err
	}
	var start bytes.Buffer
	if _, err := io.CopyN(&start, body, smallPart); err == nil {
		return ingest(&begunBody{PartBody: body, start: start.Bytes()})
	} else if err != io.EOF {
		return err
	}
	workers.Go(func() error { return ingest(&start) })
	return nil
}

// begunBody is the bytes of a part, the first of which have been read already.
type begunBody struct {
	PartBody
	start []byte
}

// Zeros implements PartBody.
func (b *begunBody) Zeros() int64 {
	if len(b.start) > 0 {
		return 0
	}
	return b.PartBody.Zeros()
}

// Read implements PartBody.
func (b *begunBody) Read(p []byte) (int, error) {
	if len(b.start) == 0 {
		return b.PartBody.Read(p)
	}
	n := copy(p, b.start)
	b.start = b.start[n:]
	return n, nil
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
		return i.linkAgain(tx)
	case pfs.EntrySymlink.String():
		if i.target() == "" {
			return invalid(errors.New("a symbolic link without a target"))
		}
		return i.linkOther(tx, pfs.EntrySymlink, mtime)
	}
	for _, kind := range []pfs.EntryKind{pfs.EntryFifo, pfs.EntryCharDevice, pfs.EntryBlockDevice} {
		if i.Kind == kind.String() {
			return i.linkOther(tx, kind, mtime)
		}
	}
	return invalid(fmt.Errorf("a put of a %q", i.Kind))
}

// errNotSame says that a file does not have the bytes any more because of which they were not sent.
var errNotSame = errors.New("it was changed meanwhile; put it again")

// linkFile links the content that came, unless the file has it already; when only its ETag came, it must have that content.
func (i *putItem) linkFile(tx *pfs.Tx, mtime int64) error {
	e, err := tx.Stat(i.Path)
	if i.ETag == "" && (err != nil || e.Kind != pfs.EntryFile || e.Content != i.content.Content) {
		if err := tx.PutFile(i.Path, i.content.Content, nil, mtime); err != nil {
			return err
		}
		return i.setAttributes(tx, 0)
	}
	if i.ETag != "" && (err != nil || e.Kind != pfs.EntryFile || e.Content.ETag() != i.ETag) {
		return &pfs.Error{Op: "control.put", Kind: pfs.KindConflict, Path: i.Path, Err: errNotSame}
	}
	return i.setAttributes(tx, mtime)
}

// linkAgain makes the path another name of a file of the put, or of the branch, which has the attributes already.
func (i *putItem) linkAgain(tx *pfs.Tx) error {
	file, err := tx.Stat(i.Target)
	if err != nil {
		return err
	}
	if file.IsDir() {
		return &pfs.Error{Op: "control.put", Kind: pfs.KindInvalid, Path: i.Target, Err: errNotAFile}
	}
	had, err := tx.Stat(i.Path)
	switch {
	case err == nil && (i.Path == i.Target || !file.Link.IsZero() && had.Link == file.Link):
		return nil
	case err == nil:
		err = tx.Unlink(i.Path)
	case pfs.KindOf(err) == pfs.KindFileNotFound:
		err = i.makeParent(tx)
	}
	if err != nil {
		return err
	}
	return tx.Link(i.Target, i.Path)
}

// makeParent makes the directory of the item's path, if it is missing.
func (i *putItem) makeParent(tx *pfs.Tx) error {
	dir := path.Dir(i.Path)
	if dir == "." {
		return nil
	}
	if _, err := tx.Stat(dir); pfs.KindOf(err) != pfs.KindFileNotFound {
		return err
	}
	return tx.MakeDir(dir, nil)
}

// setAttributes gives what is at the item's path the mode, the modification time unless it is 0, and, where they count, the
// owner and the extended attributes of the item, if they differ.
func (i *putItem) setAttributes(tx *pfs.Tx, mtime int64) error {
	before, err := tx.Stat(i.Path)
	if err != nil {
		return err
	}
	after := before
	if i.Mode != 0 {
		after.Mode = uint32(i.Mode) & 0o7777
	}
	if mtime != 0 {
		after.Mtime = mtime
	}
	if i.owned {
		after.UID, after.GID = i.UID, i.GID
	}
	after.Meta = i.withXattrs(before.Meta)
	if after.Mode == before.Mode && after.Mtime == before.Mtime && after.UID == before.UID && after.GID == before.GID &&
		after.Meta == before.Meta {
		return nil
	}
	return tx.Edit(i.Path, func(e *pfs.Entry) error {
		e.Mode, e.Mtime, e.UID, e.GID, e.Meta = after.Mode, after.Mtime, after.UID, after.GID, after.Meta
		return nil
	})
}

// withXattrs returns meta with the item's extended attributes, or itself when it has them.
func (i *putItem) withXattrs(meta *pfs.Meta) *pfs.Meta {
	var with pfs.Meta
	if meta != nil {
		with = *meta
	}
	has := func(name string) bool {
		value, found := with.Xattrs[name]
		return found && bytes.Equal(value, i.Xattrs[name])
	}
	missing := slices.DeleteFunc(slices.Collect(maps.Keys(i.Xattrs)), has)
	if len(missing) == 0 {
		return meta
	}
	xattrs := map[string][]byte{}
	maps.Copy(xattrs, with.Xattrs)
	maps.Copy(xattrs, i.Xattrs)
	with.Xattrs = xattrs
	return &with
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

// target returns where a symbolic link leads.
func (i *putItem) target() string {
	if i.RawTarget != nil {
		return string(i.RawTarget)
	}
	return i.Target
}

// linkOther makes a symbolic link, fifo or device in place of what is there, unless that is a directory.
func (i *putItem) linkOther(tx *pfs.Tx, kind pfs.EntryKind, mtime int64) error {
	now := tx.Now()
	if mtime == 0 {
		mtime = now
	}
	made := pfs.Entry{
		Kind: kind, Mode: uint32(i.Mode) & 0o7777, UID: i.UID, GID: i.GID, Device: i.Device, Mtime: mtime, Ctime: now, Btime: now,
	}
	if kind == pfs.EntrySymlink {
		made.Mode, made.Target, made.Device = 0o777, i.target(), 0
	}
	e, err := tx.Stat(i.Path)
	if err == nil && e.Kind == kind && e.Target == made.Target && e.Device == made.Device && e.Mtime == mtime && e.Mode == made.Mode &&
		(!i.owned || e.UID == made.UID && e.GID == made.GID) {
		return nil
	}
	if err := tx.Unlink(i.Path); err != nil && pfs.KindOf(err) != pfs.KindFileNotFound {
		return err
	}
	// An archive need not have an entry for the directory.
	if dir := path.Dir(i.Path); dir != "." {
		if _, err := tx.Stat(dir); pfs.KindOf(err) == pfs.KindFileNotFound {
			if err := tx.MakeDir(dir, nil); err != nil {
				return err
			}
		}
	}
	return tx.Create(i.Path, made)
}
