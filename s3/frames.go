package s3

import "strings"

// chunkedEncoding is the Content-Encoding of a body in the frames of aws-chunked.
const chunkedEncoding = "aws-chunked"

// refuseFrames refuses a body that is not to be decoded, when its headers speak of frames around the object's bytes: stored as it
// is, it would be another object than was meant. A body that is empty has no frames, whatever is said of it.
func (q *request) refuseFrames() error {
	if q.ContentLength == 0 {
		return nil
	}
	if len(q.Header.Values("X-Amz-Decoded-Content-Length")) > 0 { // An empty value is one, too.
		return failf(codeInvalidArgument, "x-amz-decoded-content-length is for bodies in aws-chunked, which "+
			"x-amz-content-sha256 must name by a STREAMING value.")
	}
	for _, item := range encodings(q.Header.Values("Content-Encoding")) {
		if strings.EqualFold(item, chunkedEncoding) {
			return failf(codeInvalidArgument, "Content-Encoding: aws-chunked is for bodies whose x-amz-content-sha256 is a "+
				"STREAMING value.")
		}
	}
	return nil
}

// withoutChunked returns a Content-Encoding without aws-chunked, which is one of the transfer and not of the object.
func withoutChunked(values []string) string {
	var kept []string
	for _, item := range encodings(values) {
		if !strings.EqualFold(item, chunkedEncoding) {
			kept = append(kept, item)
		}
	}
	return strings.Join(kept, ", ")
}

// encodings returns the codings that the values of Content-Encoding name.
func encodings(values []string) []string {
	var items []string
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
