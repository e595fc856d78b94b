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

// aheads has memory for reading ahead: *[aheadBuffers][aheadSize]byte.
var aheads = sync.Pool{New: func() any { return new([aheadBuffers][aheadSize]byte) }}

// ahead has fn read the body. One that is not known to be small is received and decoded, and its digests are computed, while fn
// does what it does with the bytes before. When ahead returns nobody reads any more; where fn has failed that is after the
// client has sent what was being waited for, or has been given up.
func (p *payload) ahead(fn func(io.Reader) error) error {
	if p.size >= 0 && p.size < aheadFrom {
		return fn(p)
	}
	memory := aheads.Get().(*[aheadBuffers][aheadSize]byte)
	defer aheads.Put(memory)
	var buffers [][]byte
	for i := range memory {
		buffers = append(buffers, memory[i][:])
	}
	r, err := readahead.NewReaderBuffer(p, buffers)
	if err != nil {
		return err
	}
	defer r.Close()
	return fn(r)
}
