package s3

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pfsd/pfs"
	"pfsd/s3/checksum"
	"pfsd/s3/sigv4"
)

// copySource is what a copy is made of.
type copySource struct {
	bucket, key, version string
	// spaced is the key if a plus stands for a space, as some clients write it.
	spaced string
}

// parseCopySource parses the header x-amz-copy-source: "/BUCKET/KEY?versionId=VERSION", percent-encoded.
func parseCopySource(header string) (copySource, error) {
	bad := failArgument("x-amz-copy-source", header, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	path, query, _ := strings.Cut(header, "?")
	plain, err := url.PathUnescape(path)
	if err != nil {
		return copySource{}, bad
	}
	var s copySource
	s.bucket, s.key, _ = strings.Cut(strings.TrimPrefix(plain, "/"), "/")
	if spaced, err := url.QueryUnescape(path); err == nil {
		_, s.spaced, _ = strings.Cut(strings.TrimPrefix(spaced, "/"), "/")
	}
	if s.bucket == "" || s.key == "" {
		return copySource{}, bad
	}
	if query != "" {
		values := sigv4.ParseQuery(query)
		s.version = values.Get("versionId")
		if s.version == "" {
			return copySource{}, failArgument("x-amz-copy-source", header,
				"The only query of a copy source is versionId, and it must not be empty.")
		}
	}
	return s, nil
}

// source returns the object that q copies from, when it is as q's conditions want it.
func (h *Handler) source(q *request) (copySource, *object, error) {
	s, err := parseCopySource(q.Header.Get("X-Amz-Copy-Source"))
	if err != nil {
		return s, nil, err
	}
	if err := h.crossSource(q, s.bucket); err != nil {
		return s, nil, err
	}
	o, err := h.object(q.Context(), s.bucket, s.key, s.version)
	if s.spaced != "" && s.spaced != s.key && err != nil && apiErrorOf(err).code == codeNoSuchKey {
		if spaced, err2 := h.object(q.Context(), s.bucket, s.spaced, s.version); err2 == nil {
			s.key, o, err = s.spaced, spaced, nil
		}
	}
	if err != nil && apiErrorOf(err).code == codeMethodNotAllowed {
		return s, nil, failf(codeInvalidRequest, "The source of a copy request may not specifically refer to a delete marker by "+
			"version id.")
	}
	if err != nil {
		return s, nil, err
	}
	c := readConditions(q.Header, "X-Amz-Copy-Source-")
	if verdict := c.check(h.etag(&o.entry), h.lastModified(&o.entry, o.version)); verdict.code != "" {
		return s, nil, verdict.err("x-amz-copy-source-")
	}
	if id := versionID(&o.entry, o.version); id != "" {
		q.w.Header().Set("X-Amz-Copy-Source-Version-Id", id)
	}
	return s, o, nil
}

// copyObject links the content of an object, of any version of any bucket, at another key. No bytes move.
func (h *Handler) copyObject(q *request) error {
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
	s, o, err := h.source(q)
	if err != nil {
		return err
	}
	if key.dir && !o.key.dir && o.entry.Size() > 0 {
		return failf(codeInvalidArgument, "A key that ends in a slash is a directory and has no content.")
	}
	meta, mtime, err := h.copiedMetadata(q, s, o)
	if err != nil {
		return err
	}
	l := &link{ref: ref, key: key, content: o.entry.Content, meta: meta, mtime: mtime,
		conditions: readWriteConditions(q.Header)}
	if l.content.Size == 0 {
		empty, err := h.store.Ingest(q.Context(), strings.NewReader(""))
		if err != nil {
			return err
		}
		defer empty.Release()
		l.content = empty.Content
	}
	commit, err := h.link(q, l)
	if err != nil {
		return err
	}
	q.w.setCommit(commit)
	modified := commit.Time
	if commit.ID.IsZero() {
		modified = h.cfg.Now()
	}
	return q.w.xml(http.StatusOK, copyResult{
		XMLName:      elementName("CopyObjectResult"),
		LastModified: xmlTime(modified), ETag: quote(h.styled(l.content.ETag(), meta)),
		checksumXML: checksumElements(meta.Checksums),
	})
}

// copiedMetadata returns the metadata and modification time of the copy that q makes of o.
func (h *Handler) copiedMetadata(q *request, s copySource, o *object) (*pfs.Meta, int64, error) {
	replace, err := directive(q, "X-Amz-Metadata-Directive")
	if err != nil {
		return nil, 0, err
	}
	replaceTags, err := directive(q, "X-Amz-Tagging-Directive")
	if err != nil {
		return nil, 0, err
	}
	changes := replace || replaceTags || slices.ContainsFunc(changingHeaders, func(name string) bool {
		return q.Header.Get(name) != ""
	})
	if !changes && s.bucket == q.bucket && s.key == q.key && s.version == "" {
		return nil, 0, failf(codeInvalidRequest, "This copy request is illegal because it is trying to copy an object to itself "+
			"without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	sent, err := q.metadata()
	if err != nil {
		return nil, 0, err
	}
	old := o.entry.Meta
	if old == nil {
		old = &pfs.Meta{}
	}
	meta, when := *sent, mtime(sent)
	if !replace {
		meta, when = *old, 0
		if _, shown := shownMtime(&o.entry); shown {
			when = o.entry.Mtime
		}
	}
	// The copy is in one piece, however the source came to be.
	meta.Headers = maps.Clone(meta.Headers)
	delete(meta.Headers, layoutHeader)
	// Where it sends on is not copied.
	delete(meta.Headers, redirectHeader)
	if to := sent.Headers[redirectHeader]; to != "" {
		meta.Headers = with(meta.Headers, redirectHeader, to)
	}
	meta.Tags = old.Tags
	if replaceTags {
		meta.Tags = sent.Tags
	}
	meta.Checksums = old.Checksums
	return &meta, when, h.addChecksum(q, o, &meta)
}

// changingHeaders are those by which a copy of an object onto itself changes something.
var changingHeaders = []string{
	"X-Amz-Storage-Class", "X-Amz-Checksum-Algorithm", "X-Amz-Website-Redirect-Location", "X-Amz-Server-Side-Encryption",
}

// directive returns whether the header of that name says REPLACE rather than COPY.
func directive(q *request, name string) (replace bool, err error) {
	switch strings.ToUpper(q.Header.Get(name)) {
	case "", "COPY":
		return false, nil
	case "REPLACE":
		return true, nil
	}
	return false, failArgument(strings.ToLower(name), q.Header.Get(name),
		"Unknown "+strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "X-Amz-")), "-", " ")+".")
}

// addChecksum gives the copy the checksum that q wants it to have, and no other: all that an object has are of one type. It is
// computed unless the source has it already; only this reads bytes.
func (h *Handler) addChecksum(q *request, o *object, meta *pfs.Meta) error {
	name := q.Header.Get("X-Amz-Checksum-Algorithm")
	if name == "" {
		return nil
	}
	a, ok := checksum.Parse(name)
	if !ok {
		return unsupportedAlgorithm()
	}
	value := meta.Checksums[a.Key()]
	if value == "" || typeOf(value) != checksum.FullObject {
		sum := a.New()
		if _, err := h.copyContent(q.Context(), sum, o.entry.Content); err != nil {
			return err
		}
		value = checksum.Encode(sum.Sum(nil))
	}
	meta.Checksums = with(nil, a.Key(), value)
	return nil
}

// copyContent writes all of c to w.
func (h *Handler) copyContent(ctx context.Context, w io.Writer, c pfs.Content) (int64, error) {
	if c.Size == 0 {
		return 0, nil
	}
	return h.store.OpenContent(c).CopyRange(ctx, w, 0, c.Size)
}
