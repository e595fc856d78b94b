package s3

import (
	"net/http"
	"strings"

	"pfsd/s3/checksum"
)

// createUpload starts a multipart upload.
func (h *Handler) createUpload(q *request) error {
	ref, _, err := h.writable(q)
	if err != nil {
		return err
	}
	key, err := q.writableKey()
	if err != nil {
		return err
	}
	if key.dir {
		return failf(codeInvalidArgument, "A key that ends in a slash is a directory and has no content.")
	}
	if err := q.refuse(); err != nil {
		return err
	}
	meta, err := q.metadata()
	if err != nil {
		return err
	}
	algorithm, kind, err := askedChecksum(q)
	if err != nil {
		return err
	}
	if algorithm != 0 {
		meta.Checksums = with(nil, algorithm.Key(), string(kind))
		q.w.Header().Set("X-Amz-Checksum-Algorithm", algorithm.String())
		q.w.Header().Set("X-Amz-Checksum-Type", string(kind))
	}
	upload, err := h.store.CreateUpload(q.Context(), ref, key.path, meta)
	if err != nil {
		return err
	}
	return q.w.xml(http.StatusOK, struct {
		XMLName  struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket   string
		Key      string
		UploadID string `xml:"UploadId"`
	}{Bucket: q.bucket, Key: q.key, UploadID: upload.ID.String()})
}

// createUploadWithoutKey refuses an upload of nothing: of all the requests of an upload only this one must name the key.
func (h *Handler) createUploadWithoutKey(q *request) error {
	if _, _, err := h.writable(q); err != nil {
		return err
	}
	return failf(codeInvalidRequest, "A multipart upload must be created with a key.")
}

// askedChecksum returns which checksum q wants the object to have; 0 for none.
func askedChecksum(q *request) (checksum.Algorithm, checksum.Type, error) {
	name, kind := q.Header.Get("X-Amz-Checksum-Algorithm"), checksum.Type(strings.ToUpper(q.Header.Get("X-Amz-Checksum-Type")))
	if name == "" {
		if kind != "" {
			return 0, "", failf(codeInvalidRequest,
				"The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
		}
		return 0, "", nil
	}
	a, ok := checksum.Parse(name)
	if !ok {
		return 0, "", unsupportedAlgorithm()
	}
	if kind == "" {
		kind = a.DefaultType()
	}
	if !a.Allows(kind) {
		return 0, "", failf(codeInvalidRequest, "The "+string(kind)+" checksum type cannot be used with the "+a.Key()+" "+
			"checksum algorithm.")
	}
	return a, kind, nil
}
