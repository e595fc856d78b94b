package s3

import (
	"io"
	"net/http"
	"time"
)

// stall ends reads from, and writes to, a client that neither sends nor takes anything. The deadline is for each of them and
// not for the whole, which may be of any size, and is lifted behind it: what a handler does in between is not the client's
// time. Behind a failure it stays, so that the server does not wait for the rest of the body either. A nil stall waits for
// ever, and so does one whose connection has no deadlines.
type stall struct {
	connection *http.ResponseController
	after      time.Duration
	now        func() time.Time
}

// read calls fn, which reads from the client.
func (s *stall) read(fn func([]byte) (int, error), p []byte) (int, error) {
	if s == nil {
		return fn(p)
	}
	_ = s.connection.SetReadDeadline(s.now().Add(s.after))
	n, err := fn(p)
	if err == nil || err == io.EOF {
		_ = s.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}

// write calls fn, which writes to the client and returns how much.
func (s *stall) write(fn func() (int64, error)) (int64, error) {
	if s == nil {
		return fn()
	}
	_ = s.connection.SetWriteDeadline(s.now().Add(s.after))
	n, err := fn()
	if err == nil {
		_ = s.connection.SetWriteDeadline(time.Time{})
	}
	return n, err
}
