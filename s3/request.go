package s3

import (
	"context"
	"mime"
	"net/http"
	"net/url"

	"pfsd/pfs"
	"pfsd/s3/budget"
	"pfsd/s3/sigv4"
)

// request is a request with what has been found out about it.
type request struct {
	*http.Request
	w  *response
	id string
	// operation is the name of the operation that was found for it.
	operation string
	// bucket and key are as in the path; either may be empty.
	bucket, key string
	query       url.Values
	// identity is whose signature it bears; nil when it need not be signed.
	identity *sigv4.Identity
	// author is the access key that it bears; empty for none, as where it need not be signed.
	author string
	// caller names who sends a request with a context; may be nil.
	caller func(ctx context.Context) string
	// received is how many bytes of the body were read, after decoding.
	received int64
	// stall bounds how long the client may keep the request waiting; may be nil.
	stall *stall
	// grant is the memory that it may hold for its body or answer; nil while it has asked for none.
	grant *budget.Grant
	err   error
}

// isForm reports whether q is a form of a web page, as PostObject takes it.
func (q *request) isForm() bool {
	kind, _, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	return q.Method == http.MethodPost && err == nil && kind == "multipart/form-data" && q.URL.RawQuery == ""
}

// by says who makes the changes that q asks for.
func (q *request) by() pfs.By {
	by := pfs.By{Origin: pfs.OriginS3, Author: q.author}
	if by.Author == "" && q.caller != nil {
		by.Author = q.caller(q.Context())
	}
	return by
}

// address is what q is about, for error messages and the log.
func (q *request) address() string {
	if q.bucket == "" {
		return q.URL.Path
	}
	return "/" + q.bucket + "/" + q.key
}
