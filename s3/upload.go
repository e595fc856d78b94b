package s3

import (
	"context"
	"iter"
	"strconv"

	"pfsd/pfs"
)

// uploadStore keeps uploads.
type uploadStore interface {
	CreateUpload(ctx context.Context, ref pfs.Ref, path string, meta *pfs.Meta) (pfs.Upload, error)
	Upload(ctx context.Context, ref pfs.Ref, id pfs.UploadID) (pfs.Upload, error)
	Uploads(ctx context.Context, ref pfs.Ref, prefix, afterPath string, afterID pfs.UploadID) iter.Seq2[pfs.Upload, error]
	AbortUpload(ctx context.Context, ref pfs.Ref, id pfs.UploadID) error
}

var _ uploadStore = (*pfs.Store)(nil)

// upload returns the branch and the upload that q names. A key, if q has one, must be the upload's.
func (h *Handler) upload(q *request) (pfs.Ref, *pfs.Upload, error) {
	ref, _, err := h.writable(q)
	if err != nil {
		return pfs.Ref{}, nil, err
	}
	id, err := pfs.ParseCommitID(q.query.Get("uploadId"))
	if err != nil {
		return ref, nil, fail(codeNoSuchUpload)
	}
	upload, err := h.store.Upload(q.Context(), ref, id)
	if err != nil {
		return ref, nil, err
	}
	if q.key != "" && q.key != upload.Path {
		return ref, nil, fail(codeNoSuchUpload)
	}
	return ref, &upload, nil
}

// partNumber returns the number of a part that q names.
func partNumber(q *request) (int, error) {
	n, err := strconv.Atoi(q.query.Get("partNumber"))
	if err != nil || n < 1 || n > pfs.MaxParts {
		return 0, failArgument("partNumber", q.query.Get("partNumber"), "Part number must be an integer between 1 and 10000, inclusive")
	}
	return n, nil
}
