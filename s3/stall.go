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
	// begun is set once the body is read, left while there may be more of it to come.
	begun, left bool
}

// read calls fn, which reads from the client. The first time net/http may write in it, to tell the client to go on.
func (s *stall) read(fn func([]byte) (int, error), p []byte) (int, error) {
	if s == nil {
		return fn(p)
	}
	_ = s.connection.SetReadDeadline(s.now().Add(s.after))
	if !s.begun {
		s.begun = true
		_ = s.connection.SetWriteDeadline(s.now().Add(s.after))
		defer s.connection.SetWriteDeadline(time.Time{})
	}
	n, err := fn(p)
	if err != nil {
		s.left = false
	}
	if err == nil || err == io.EOF {
		_ = s.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}

// giveUp has nobody wait for the rest of the body any more.
func (s *stall) giveUp() {
	if s != nil {
		s.left = false
	}
}

// write calls fn, which writes to the client and returns how much.
func (s *stall) write(fn func() (int64, error)) (int64, error) {
	if s == nil {
		return fn()
	}
	s.end()
	n, err := fn()
	if err == nil {
		_ = s.connection.SetWriteDeadline(time.Time{})
		if s.left {
			_ = s.connection.SetReadDeadline(time.Time{})
		}
	}
	return n, err
}

// end bounds what net/http writes from here on by itself: the answer, as far as that is still in its buffer. Before the
// header goes out it reads what is left of the body, so that is bounded, too, and leaves the client time to be answered.
func (s *stall) end() {
	if s == nil {
		return
	}
	now, after := s.now(), s.after
	if s.left {
		_ = s.connection.SetReadDeadline(now.Add(after))
		after *= 2
	}
	_ = s.connection.SetWriteDeadline(now.Add(after))
}
