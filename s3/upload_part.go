package s3

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

// partStore keeps the parts of uploads.
type partStore interface {
	IngestPart(ctx context.Context, r io.Reader, offset int64) (*pfs.IngestedPart, error)
	CopyPart(ctx context.Context, c pfs.Content, off, n, offset int64) (*pfs.IngestedPart, error)
	PutPart(ctx context.Context, ref pfs.Ref, id pfs.UploadID, number int, p *pfs.IngestedPart,
		checksums map[string]string) (pfs.Part, error)
	Parts(ctx context.Context, ref pfs.Ref, id pfs.UploadID, after, limit int) ([]pfs.Part, error)
	JoinParts(ctx context.Context, ref pfs.Ref, id pfs.UploadID, chosen []pfs.Part) (*pfs.Ingested, error)
}

var _ partStore = (*pfs.Store)(nil)

// uploadPart streams a part into the store and parks it.
func (h *Handler) uploadPart(q *request) error {
	number, err := partNumber(q)
	if err != nil {
		return err
	}
	ref, upload, err := h.upload(q)
	if err != nil {
		return err
	}
	body, err := openPart(q, upload)
	if err != nil {
		return err
	}
	offset, err := h.guessOffset(q, ref, upload, number, body.size)
	if err != nil {
		return err
	}
	ingested, err := ahead(h, body, func(in io.Reader) (*pfs.IngestedPart, error) {
		return h.store.IngestPart(q.Context(), in, offset)
	})
	if err != nil {
		return body.reason(err)
	}
	defer ingested.Release()
	part, err := h.store.PutPart(q.Context(), ref, upload.ID, number, ingested, body.checksums())
	if err != nil {
		return err
	}
	header := q.w.Header()
	header.Set("Etag", quote(h.styled(part.Hash.String(), upload.Meta)))
	for _, a := range checksum.Algorithms() {
		if value := part.Checksums[a.Key()]; value != "" {
			header.Set(a.Header(), value)
		}
	}
	return q.w.empty(http.StatusOK)
}

// openPart returns the body of q as a part of upload, with the checksum that the upload's object is to have.
func openPart(q *request, upload *pfs.Upload) (*payload, error) {
	a, _, ok := uploadChecksum(upload.Meta)
	if !ok {
		return openBody(q)
	}
	body, err := openBody(q, a)
	if err != nil {
		return nil, err
	}
	for sent := range body.want {
		if sent != a {
			return nil, failf(codeInvalidRequest, "Checksum Type mismatch occurred, expected checksum Type: "+a.Key()+
				", actual checksum Type: "+sent.Key())
		}
	}
	return body, nil
}

// guessOffset returns where a part will stand if all before it have the size of the first, which they nearly always have,
// or this one's size while the first is not there.
func (h *Handler) guessOffset(q *request, ref pfs.Ref, upload *pfs.Upload, number int, size int64) (int64, error) {
	first, err := h.store.Parts(q.Context(), ref, upload.ID, 0, 1)
	if err != nil {
		return 0, err
	}
	if len(first) == 1 && first[0].Number == 1 {
		size = first[0].Size
	}
	return offsetOf(number, size), nil
}

// offsetOf returns where a part stands if all before it have that size; 0 when the size is not known.
func offsetOf(number int, size int64) int64 {
	if size < 0 || size > maxObject/int64(number) {
		return 0
	}
	return int64(number-1) * size
}

// maxObject is the size of the largest object that is thought of when offsets are guessed.
const maxObject = 1 << 50

// copyPart makes a part of an existing object, or of a range of it.
func (h *Handler) copyPart(q *request) error {
	number, err := partNumber(q)
	if err != nil {
		return err
	}
	ref, upload, err := h.upload(q)
	if err != nil {
		return err
	}
	_, o, err := h.source(q)
	if err != nil {
		return err
	}
	piece, err := copiedRange(q.Header.Get("X-Amz-Copy-Source-Range"), o.entry.Size())
	if err != nil {
		return err
	}
	offset, err := h.guessOffset(q, ref, upload, number, piece.size)
	if err != nil {
		return err
	}
	ingested, err := h.store.CopyPart(q.Context(), o.entry.Content, piece.offset, piece.size, offset)
	if err != nil {
		return err
	}
	defer ingested.Release()
	checksums, err := h.partChecksums(q, upload, o, piece)
	if err != nil {
		return err
	}
	part, err := h.store.PutPart(q.Context(), ref, upload.ID, number, ingested, checksums)
	if err != nil {
		return err
	}
	return q.w.xml(http.StatusOK, copyResult{
		XMLName: elementName("CopyPartResult"), LastModified: xmlTime(h.cfg.Now()),
		ETag: quote(h.styled(part.Hash.String(), upload.Meta)), checksumXML: checksumElements(part.Checksums),
	})
}

// copiedRange returns the range of an object of that size that x-amz-copy-source-range names: unlike Range, it must be right.
func copiedRange(header string, size int64) (byteRange, error) {
	if header == "" {
		return byteRange{0, size}, nil
	}
	_, last, _ := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	piece, result := parseRange(header, size)
	switch {
	case result == rangeIgnored || last == "" || strings.HasPrefix(header, "bytes=-"):
		return byteRange{}, failArgument("x-amz-copy-source-range", header,
			"The x-amz-copy-source-range value must be of the form bytes=first-last where "+
				"first and last are the zero-based offsets of the first and last bytes to copy")
	case result == rangeOutside || parseOffset(last) >= size:
		return byteRange{}, failArgument("x-amz-copy-source-range", header,
			"Range specified is not valid for source object of size: "+strconv.FormatInt(size, 10))
	}
	return piece, nil
}

// partChecksums computes the checksum that the object of upload is to have over a copied part. This reads the bytes.
func (h *Handler) partChecksums(q *request, upload *pfs.Upload, o *object, piece byteRange) (map[string]string, error) {
	a, _, ok := uploadChecksum(upload.Meta)
	if !ok {
		return nil, nil
	}
	sum := a.New()
	if piece.size > 0 {
		file := h.store.OpenContent(o.entry.Content)
		if _, err := file.CopyRange(q.Context(), sum, piece.offset, piece.size); err != nil {
			return nil, err
		}
	}
	return with(nil, a.Key(), checksum.Encode(sum.Sum(nil))), nil
}
