package s3

import (
	"net/http"
	"time"
)

// abortUpload ends an upload and lets go of its parts, if it was begun when the client says.
func (h *Handler) abortUpload(q *request) error {
	ref, upload, err := h.upload(q)
	if err != nil {
		return err
	}
	if value := q.Header.Get("X-Amz-If-Match-Initiated-Time"); value != "" {
		initiated, ok := readDate(value)
		if !ok {
			return failArgument("x-amz-if-match-initiated-time", value, "x-amz-if-match-initiated-time must be a date.")
		}
		if !initiated.Truncate(time.Second).Equal(upload.Started.Truncate(time.Second)) {
			return verdict{condition: "x-amz-if-match-initiated-time"}.err("")
		}
	}
	if err := h.store.AbortUpload(q.Context(), ref, upload.ID); err != nil {
		return err
	}
	return q.w.empty(http.StatusNoContent)
}
