package s3

import "net/http"

// headBucket says whether a bucket is there.
func (h *Handler) headBucket(q *request) error {
	if _, err := h.view(q.Context(), q.bucket, ""); err != nil {
		return err
	}
	q.w.Header().Set("X-Amz-Bucket-Region", region)
	return q.w.empty(http.StatusOK)
}
