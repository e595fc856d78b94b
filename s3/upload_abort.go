package s3

import "net/http"

// abortUpload ends an upload and lets go of its parts.
func (h *Handler) abortUpload(q *request) error {
	ref, upload, err := h.upload(q)
	if err != nil {
		return err
	}
	if err := h.store.AbortUpload(q.Context(), ref, upload.ID); err != nil {
		return err
	}
	return q.w.empty(http.StatusNoContent)
}
