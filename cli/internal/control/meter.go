package control

import (
	"io"
	"sync/atomic"
)

// meter counts the bytes of files that pass through a handler.
type meter struct {
	in, out atomic.Int64
}

// sum returns what has passed so far.
func (m *meter) sum() Moved { return Moved{In: m.in.Load(), Out: m.out.Load()} }

// metered is a reader of which is counted what is read.
type metered struct {
	io.Reader
	count *atomic.Int64
}

// Read reads and counts.
func (m metered) Read(b []byte) (int, error) {
	n, err := m.Reader.Read(b)
	m.count.Add(int64(n))
	return n, err
}
