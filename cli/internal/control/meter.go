package control

import "sync/atomic"

// meter counts the bytes of files that pass through a handler.
type meter struct {
	in, out atomic.Int64
}

// sum returns what has passed so far.
func (m *meter) sum() Moved { return Moved{In: m.in.Load(), Out: m.out.Load()} }

// metered is the bytes of a part, of which is counted what is read.
type metered struct {
	PartBody
	count *atomic.Int64
}

// Read reads and counts.
func (m metered) Read(b []byte) (int, error) {
	n, err := m.PartBody.Read(b)
	m.count.Add(int64(n))
	return n, err
}
