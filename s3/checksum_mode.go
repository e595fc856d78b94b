package s3

import (
	"net/http"
	"strings"

	"pfsd/s3/checksum"
)

// showChecksums adds to an answer with that status the checksums of what it bears, when q asks for them: of the whole object
// or of the part that q names, but not of a range.
func (h *Handler) showChecksums(q *request, o *object, status int) error {
	if o.entry.Meta == nil || !strings.EqualFold(q.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
		return nil
	}
	whole := o.entry.Meta.Checksums
	shown := whole
	if q.query.Has("partNumber") {
		if layout, ok := layoutOf(&o.entry); ok {
			number, err := partNumber(q)
			if err != nil {
				return err
			}
			if shown, err = h.partChecksum(q, o, &layout, number-1); err != nil {
				return err
			}
		}
	} else if status == http.StatusPartialContent {
		return nil
	}
	header := q.w.Header()
	for _, a := range checksum.Algorithms() {
		if value := shown[a.Key()]; value != "" {
			header.Set(a.Header(), value)
			header.Set("X-Amz-Checksum-Type", string(typeOf(whole[a.Key()])))
		}
	}
	return nil
}
