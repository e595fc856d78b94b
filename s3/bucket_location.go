package s3

import "net/http"

// region is where all buckets are, for clients that ask. Any region that a client signs with is right.
const region = "us-east-1"

// getBucketLocation answers the empty location, which means us-east-1.
func (h *Handler) getBucketLocation(q *request) error {
	if _, err := h.view(q.Context(), q.bucket, ""); err != nil {
		return err
	}
	return q.w.xml(http.StatusOK, struct {
		XMLName struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
	}{})
}
