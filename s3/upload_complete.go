package s3

import (
	"errors"
	"maps"
	"net/http"
	"strconv"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

// minPart is the smallest size of a part that is not the last.
const minPart = 5 << 20

// completeRequest is the body of CompleteMultipartUpload.
type completeRequest struct {
	XMLName struct{} `xml:"CompleteMultipartUpload"`
	Part    []completePart
}

type completePart struct {
	PartNumber *int
	ETag       string
	checksumXML
}

// completeResult is the answer.
type completeResult struct {
	XMLName  struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
	Location string
	Bucket   string
	Key      string
	ETag     string
	checksumXML
}

// completeUpload makes the object of an upload's parts. Asked again for what it has done, it answers the same again.
func (h *Handler) completeUpload(q *request) error {
	var asked completeRequest
	// The checksum in the headers is that of the object.
	body, err := openPlain(q)
	if err != nil {
		return err
	}
	if err := h.admitXML(q, body.size); err != nil {
		return err
	}
	if _, err := decodeXML(body, &asked); err != nil {
		return err
	}
	ref, upload, err := h.upload(q)
	if pfs.KindOf(err) == pfs.KindUploadNotFound {
		return h.completeAgain(q, ref, err)
	}
	if err != nil {
		return err
	}
	commit, l, err := h.complete(q, ref, upload, asked.Part)
	if pfs.KindOf(err) == pfs.KindUploadNotFound {
		return h.completeAgain(q, ref, err)
	}
	if err != nil {
		return err
	}
	q.w.setCommit(commit)
	return h.answerComplete(q, upload.Path, h.styled(l.content.ETag(), l.meta), l.meta)
}

// complete joins the listed parts, and links what they make in the transaction that ends the upload.
func (h *Handler) complete(q *request, ref pfs.Ref, upload *pfs.Upload, list []completePart) (pfs.Commit, *link, error) {
	parts, err := h.chosenParts(q, ref, upload, list)
	if err != nil {
		return pfs.Commit{}, nil, err
	}
	meta, err := completedMetadata(q, upload, parts)
	if err != nil {
		return pfs.Commit{}, nil, err
	}
	joined, err := h.store.JoinParts(q.Context(), ref, upload.ID, parts)
	if pfs.KindOf(err) == pfs.KindInvalid {
		// A part has been replaced since it was chosen.
		return pfs.Commit{}, nil, &apiError{code: codeInvalidPart, cause: err}
	}
	if err != nil {
		return pfs.Commit{}, nil, err
	}
	defer joined.Release()
	if err := h.checkWhole(q, upload, meta, &wholeUpload{joined.Content, parts}); err != nil {
		return pfs.Commit{}, nil, err
	}
	l := &link{ref: ref, key: objectKey{path: upload.Path}, content: joined.Content, meta: meta, mtime: mtime(meta),
		conditions: readWriteConditions(q.Header), upload: upload.ID}
	commit, err := h.link(q, l)
	return commit, l, err
}

func (h *Handler) answerComplete(q *request, key, etag string, meta *pfs.Meta) error {
	return q.w.xml(http.StatusOK, completeResult{
		Location: h.location(q, key), Bucket: q.bucket, Key: key, ETag: quote(etag),
		checksumXML: checksumElements(meta.Checksums),
	})
}

// errUnchanged ends a transaction that only waits for those before it.
var errUnchanged = errors.New("nothing to change")

// completeAgain answers a request for an upload that there is not: as before, if the object at the key was made by it. The
// commit that ended the upload may be on disk and not shown yet; it is shown before another transaction begins.
func (h *Handler) completeAgain(q *request, ref pfs.Ref, notFound error) error {
	_, err := h.store.Update(q.Context(), ref, q.by(), func(*pfs.Tx) error { return errUnchanged })
	if !errors.Is(err, errUnchanged) {
		return err
	}
	o, err := h.object(q.Context(), q.bucket, q.key, "")
	if err != nil {
		return notFound
	}
	layout, ok := layoutOf(&o.entry)
	if !ok || layout.upload != q.query.Get("uploadId") {
		return notFound
	}
	q.w.setVersionID(versionID(&o.entry, o.version))
	return h.answerComplete(q, q.key, h.etag(&o.entry), o.entry.Meta)
}

// chosenParts returns the parts that the client lists, checked: all there, in order, as they were uploaded, large enough.
func (h *Handler) chosenParts(q *request, ref pfs.Ref, upload *pfs.Upload, list []completePart) ([]pfs.Part, error) {
	if err := checkOrder(list); err != nil {
		return nil, err
	}
	stored, err := h.store.Parts(q.Context(), ref, upload.ID, 0, 0)
	if err != nil {
		return nil, err
	}
	byNumber := make(map[int]*pfs.Part, len(stored))
	for i := range stored {
		byNumber[stored[i].Number] = &stored[i]
	}
	chosen := make([]pfs.Part, 0, len(list))
	for i := range list {
		if list[i].ETag == "" {
			return nil, fail(codeMalformedXML)
		}
		part := byNumber[*list[i].PartNumber]
		if part == nil || !list[i].matches(part) {
			return nil, failWith(codeInvalidPart, "", "UploadId", upload.ID.String(), "PartNumber", strconv.Itoa(*list[i].PartNumber),
				"ETag", bareETag(list[i].ETag))
		}
		chosen = append(chosen, *part)
	}
	for i := range chosen[:len(chosen)-1] {
		if chosen[i].Size < minPart {
			return nil, failWith(codeEntityTooSmall, "", "ETag", chosen[i].Hash.String(), "MinSizeAllowed", strconv.Itoa(minPart),
				"ProposedSize", strconv.FormatInt(chosen[i].Size, 10), "PartNumber", strconv.Itoa(chosen[i].Number))
		}
	}
	return chosen, nil
}

// checkOrder returns an error unless the client lists parts by ascending numbers.
func checkOrder(list []completePart) error {
	if len(list) == 0 {
		return failf(codeMalformedXML, "You must specify at least one part")
	}
	for i := range list {
		switch number := list[i].PartNumber; {
		case number == nil:
			return fail(codeMalformedXML)
		case *number < 1:
			return failArgument("partNumber", strconv.Itoa(*number), "PartNumber must be >= 1")
		case i > 0 && *number <= *list[i-1].PartNumber:
			return fail(codeInvalidPartOrder)
		}
	}
	return nil
}

// matches reports whether part is what the client means, as far as it says. A hash by another algorithm than ours, such as an
// MD5 that the client computed, says nothing; what is no hash is the ETag of no part. A checksum that the part was not uploaded
// with cannot be what the client means.
func (c *completePart) matches(part *pfs.Part) bool {
	etag := bareETag(c.ETag)
	if !isHash(etag) || isOwnETag(etag) && etag != part.Hash.String() {
		return false
	}
	for _, a := range checksum.Algorithms() {
		want, have := *c.field(a), part.Checksums[a.Key()]
		if want != "" && want != have {
			return false
		}
	}
	return true
}

// completedMetadata returns the metadata of the object: the upload's, with its checksum and the layout of its parts.
func completedMetadata(q *request, upload *pfs.Upload, parts []pfs.Part) (*pfs.Meta, error) {
	meta := &pfs.Meta{}
	if upload.Meta != nil {
		*meta = *upload.Meta
	}
	layout := partLayout{upload: upload.ID.String()}
	total := int64(0)
	for i := range parts {
		layout.sizes = append(layout.sizes, parts[i].Size)
		total += parts[i].Size
	}
	if value := q.Header.Get("X-Amz-Mp-Object-Size"); value != "" && value != strconv.FormatInt(total, 10) {
		return nil, failf(codeInvalidRequest, "The provided 'x-amz-mp-object-size' header does not match what was uploaded.")
	}
	meta.Checksums = nil
	if a, t, ok := uploadChecksum(upload.Meta); ok {
		pieces, err := partDigests(a, parts)
		if err != nil {
			return nil, err
		}
		meta.Checksums = with(nil, a.Key(), a.Join(t, pieces))
		layout.keep(a, pieces)
	}
	meta.Headers = with(maps.Clone(meta.Headers), layoutHeader, layout.String())
	return meta, nil
}
