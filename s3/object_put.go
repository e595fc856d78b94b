package s3

import (
	"context"
	"io"
	"net/http"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

// contentStore keeps the bytes of objects, and links them at their keys.
type contentStore interface {
	Ingest(ctx context.Context, r io.Reader) (*pfs.Ingested, error)
	OpenContent(c pfs.Content) *pfs.File
	Update(ctx context.Context, ref pfs.Ref, by pfs.By, fn func(*pfs.Tx) error) (pfs.Commit, error)
}

var _ contentStore = (*pfs.Store)(nil)

// putObject stores an object, or makes a directory when the key ends in a slash.
func (h *Handler) putObject(q *request) error {
	ref, _, err := h.writable(q)
	if err != nil {
		return err
	}
	key, err := q.writableKey()
	if err != nil {
		return err
	}
	if err := q.refuse(); err != nil {
		return err
	}
	meta, err := q.metadata()
	if err != nil {
		return err
	}
	body, err := openBody(q)
	if err != nil {
		return err
	}
	link := &link{ref: ref, key: key, meta: meta, mtime: mtime(meta), conditions: readWriteConditions(q.Header)}
	if err := h.put(q, link, body); err != nil {
		return err
	}
	return q.w.empty(http.StatusOK)
}

// put makes the file or directory of l of the body, and says in the headers of the answer what it has become.
func (h *Handler) put(q *request, l *link, body *payload) error {
	if l.key.dir {
		return h.putDirectory(q, l, body)
	}
	return h.putFile(q, l, body)
}

// putDirectory makes the directory of a key that ends in a slash; it has no body.
func (h *Handler) putDirectory(q *request, l *link, body *payload) error {
	switch n, err := io.CopyN(io.Discard, body, 1); {
	case n > 0:
		return failf(codeInvalidArgument, "A key that ends in a slash is a directory and has no content.")
	case err != io.EOF:
		return err
	}
	l.meta.Checksums = body.checksums()
	commit, err := h.link(q, l)
	if err != nil {
		return err
	}
	q.w.setWritten(commit, h.styled(emptyHash, l.meta), l.meta)
	return nil
}

// putFile streams the body into the store and then links it.
func (h *Handler) putFile(q *request, l *link, body *payload) error {
	ingested, err := ahead(h, body, func(in io.Reader) (*pfs.Ingested, error) { return h.store.Ingest(q.Context(), in) })
	if err != nil {
		return body.reason(err)
	}
	defer ingested.Release()
	l.content, l.meta.Checksums = ingested.Content, body.checksums()
	commit, err := h.link(q, l)
	if err != nil {
		return err
	}
	q.w.setWritten(commit, h.styled(l.content.ETag(), l.meta), l.meta)
	return nil
}

// setWritten adds to the answer what an object has become.
func (w *response) setWritten(commit pfs.Commit, etag string, meta *pfs.Meta) {
	w.setCommit(commit)
	header := w.Header()
	header.Set("Etag", quote(etag))
	for _, a := range checksum.Algorithms() {
		if value := meta.Checksums[a.Key()]; value != "" {
			header.Set(a.Header(), value)
			header.Set("X-Amz-Checksum-Type", string(checksum.FullObject))
		}
	}
}
