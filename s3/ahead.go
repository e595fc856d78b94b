package s3

import (
	"io"
	"sync"

	"github.com/klauspost/readahead"
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

// ahead has fn read a body, and returns what that does. One that is not known to be small is received and decoded, and its
// digests are computed, while fn does what it does with the bytes before. When ahead returns nobody reads any more; where fn
// has failed that is after the client has sent what was being waited for, or has been given up.
func ahead[T any](p *payload, fn func(io.Reader) (T, error)) (made T, err error) {
	if p.size >= 0 && p.size < aheadFrom {
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
