package s3

import (
	"net/http"
	"strconv"
)

// getObject answers GetObject and HeadObject.
func (h *Handler) getObject(q *request) error {
	version, err := q.version()
	if err != nil {
		return err
	}
	if q.query.Has("partNumber") {
		if _, err := partNumber(q); err != nil {
			return err
		}
	}
	o, err := h.object(q.Context(), q.bucket, q.key, version)
	if err != nil {
		return err
	}
	if version == nullVersion {
		q.w.setVersionID(version)
	}
	etag, modified := h.etag(&o.entry), h.lastModified(&o.entry, o.version)
	switch verdict := readConditions(q.Header, "").check(etag, modified); verdict.code {
	case codePreconditionFailed:
		return verdict.err("")
	case codeNotModified:
		h.setObject(q, o)
		q.w.Header().Del("Content-Type")
		q.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	part, status, err := h.rangeOf(q, o)
	if err != nil {
		return err
	}
	h.setObject(q, o)
	header := q.w.Header()
	header.Set("Content-Length", strconv.FormatInt(part.size, 10))
	if status == http.StatusPartialContent {
		header.Set("Content-Range", part.contentRange(o.entry.Size()))
	}
	if err := h.showChecksums(q, o, status); err != nil {
		return err
	}
	return h.send(q, o, part, status)
}

// send answers with the bytes of o in part.
func (h *Handler) send(q *request, o *object, part byteRange, status int) error {
	if q.Method == http.MethodHead || part.size == 0 {
		q.w.WriteHeader(status)
		return nil
	}
	file := h.store.OpenContent(o.entry.Content)
	_, err := file.CopyRange(q.Context(), late{q.w, status}, part.offset, part.size)
	return err
}

// rangeOf returns the bytes of o that q asks for, and the status of the answer.
func (h *Handler) rangeOf(q *request, o *object) (byteRange, int, error) {
	size := o.entry.Size()
	whole := byteRange{0, size}
	if q.query.Has("partNumber") {
		return h.partOf(q, o)
	}
	value := q.Header.Get("Range")
	if value == "" || !h.rangeIsMeant(q, o) {
		return whole, http.StatusOK, nil
	}
	switch part, result := parseRange(value, size); result {
	case rangeOK:
		return part, http.StatusPartialContent, nil
	case rangeOutside:
		return whole, 0, outside(value, size)
	}
	return whole, http.StatusOK, nil
}

// outside is the error of a range that begins behind the end of an object of that size.
func outside(asked string, size int64) error {
	text := strconv.FormatInt(size, 10)
	return &apiError{code: codeInvalidRange, header: http.Header{"Content-Range": {"bytes */" + text}},
		details: details("RangeRequested", asked, "ActualObjectSize", text)}
}

// rangeIsMeant reports whether o is still what the header If-Range names, an ETag or a date.
func (h *Handler) rangeIsMeant(q *request, o *object) bool {
	value := q.Header.Get("If-Range")
	if value == "" {
		return true
	}
	if date, err := http.ParseTime(value); err == nil {
		return conditions{unmodifiedSince: date, hasUnmodified: true}.check("", h.lastModified(&o.entry, o.version)).code == ""
	}
	return matchesETag(value, h.etag(&o.entry), strong)
}

// partOf returns the bytes of the part that q names by its number, as the object was uploaded.
func (h *Handler) partOf(q *request, o *object) (byteRange, int, error) {
	number, err := partNumber(q)
	if err != nil {
		return byteRange{}, 0, err
	}
	if q.Header.Get("Range") != "" {
		return byteRange{}, 0, failf(codeInvalidRequest, "Cannot specify both Range header and partNumber query parameter")
	}
	layout, ok := layoutOf(&o.entry)
	if !ok {
		layout = partLayout{sizes: []int64{o.entry.Size()}}
	}
	if number > len(layout.sizes) {
		return byteRange{}, 0, failWith(codeInvalidPartNumber, "", "ActualPartCount", strconv.Itoa(len(layout.sizes)),
			"PartNumberRequested", strconv.Itoa(number))
	}
	if ok {
		q.w.Header().Set("X-Amz-Mp-Parts-Count", strconv.Itoa(len(layout.sizes)))
	}
	part := layout.part(number - 1)
	if part.size == 0 {
		return part, http.StatusOK, nil
	}
	return part, http.StatusPartialContent, nil
}
