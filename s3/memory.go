package s3

import (
	"net/http"
	"strings"
	"time"

	"pfsd/s3/budget"
)

// defaultMemory is how much memory bodies and answers may take when Config does not say.
const defaultMemory = 96 << 20

// What requests hold, in bytes.
const (
	// smallBody is the size of the largest body that is small, and smallCost what it needs: the first buffer of a chunker, one
	// for aws-chunked, and hashes.
	smallBody, smallCost = 48 << 10, 112 << 10
	// bodyCost is what any other body needs that is stored: a chunker's large buffer in place of the first, and the same besides.
	bodyCost = 640<<10 + smallCost - 64<<10
	// decoded is how many bytes decoding takes for each of an XML body.
	decoded = 3
	// unnoticed is the size of a body from which on a client cannot tell a wait from a slow connection: it is more than the buffers
	// of one hold, so that the client is kept from sending all the same.
	unnoticed = 16 << 20
	// answerCost is what a long answer needs: a page of a listing.
	answerCost = 1 << 20
)

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// admitBody waits for the memory that storing a body of that size takes, -1 when it is not known. It comes before the first read
// of the body, and so before the client is told to go on.
func (h *Handler) admitBody(q *request, size int64) error {
	if size >= 0 && size <= smallBody {
		return q.admit(h.small, smallCost, q.cutBody)
	}
	return q.admit(h.large, bodyCost, q.cutBody)
}

// admitXML waits for the memory that decoding an XML body of that size takes, -1 when it is not known.
func (h *Handler) admitXML(q *request, size int64) error {
	switch {
	case size >= 0 && size <= smallBody:
		return q.admit(h.small, max(smallCost, decoded*size), q.cutBody)
	case size < 0 || size > maxXML:
		size = maxXML
	}
	return q.admit(h.large, decoded*size, q.cutBody)
}

// admitAnswer waits for the memory of a long answer.
func (h *Handler) admitAnswer(q *request) error { return q.admit(h.large, answerCost, q.cutAnswer) }

func (q *request) admit(b *budget.Budget, cost int64, cut func()) (err error) {
	if q.grant != nil {
		return nil
	}
	patient := q.ContentLength > unnoticed || strings.EqualFold(q.Header.Get("Expect"), "100-continue")
	if q.grant, err = b.Acquire(q.Context(), cost, patient, cut); err != nil {
		return slowDown(err)
	}
	return nil
}

// cutBody ends a read of the body that waits for the client, and cutAnswer a write.
func (q *request) cutBody() { _ = http.NewResponseController(q.w.ResponseWriter).SetReadDeadline(past) }
func (q *request) cutAnswer() {
	_ = http.NewResponseController(q.w.ResponseWriter).SetWriteDeadline(past)
}

// slowDown is the error of a request that has to leave its memory to others, or could not get any. SDKs try again then.
func slowDown(cause error) error {
	message := "Too many requests wait for memory. Please try again."
	if cause == budget.ErrCut {
		message = "The client was slow while other requests waited for the memory that this one held. Please try again."
	}
	if cause != budget.ErrCut && cause != budget.ErrBusy {
		return &apiError{code: codeClientGone, cause: cause}
	}
	return &apiError{code: codeSlowDown, message: message, cause: cause}
}
