package s3

import (
	"io"
	"sync"

	"github.com/klauspost/readahead"

	"pfsd/s3/budget"
)

const (
	// aheadBuffers and aheadSize are how many pieces of a body are read ahead of what is done with them, and their size in
	// bytes.
	aheadBuffers, aheadSize = 4, 256 << 10
	// aheadFrom is the size of the smallest body that is read ahead.
	aheadFrom = 2 * aheadSize
)

// aheads has memory for reading ahead: *[][]byte.
var aheads = sync.Pool{New: func() any {
	buffers := make([][]byte, aheadBuffers)
	for i := range buffers {
		buffers[i] = make([]byte, aheadSize)
	}
	return &buffers
}}

// admitted returns the grant of the request of p, once the body may be stored.
func (h *Handler) admitted(p *payload) (*budget.Grant, error) {
	err := h.admitBody(p.request, p.size)
	return p.request.grant, err
}

// ahead has fn read a body, and returns what that does. One that is not known to be small is received and decoded, and its
// digests are computed, while fn does what it does with the bytes before. When ahead returns nobody reads any more; where fn
// has failed that is after the client has sent what was being waited for, or has been given up.
//
// It waits for the memory that this takes, and gives it back. Reading ahead takes what memory nobody else wants.
func ahead[T any](h *Handler, p *payload, fn func(io.Reader) (T, error)) (made T, err error) {
	grant, err := h.admitted(p)
	if err != nil {
		return made, err
	}
	defer grant.Release()
	if p.size >= 0 && p.size < aheadFrom || !grant.Grow(aheadBuffers*aheadSize) {
		return fn(p)
	}
	buffers := aheads.Get().(*[][]byte)
	defer aheads.Put(buffers)
	r, err := readahead.NewReaderBuffer(p, *buffers)
	if err != nil {
		return made, err
	}
	defer r.Close()
	return fn(r)
}
