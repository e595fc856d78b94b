// Package sendfile has the kernel send pieces of files to connections of net/http, from any offset. The standard library can
// send a file from its position only, which those who read it at the same time would share.
package sendfile

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Section is a piece of a file, from which Read reads. A connection of a Listener that is to read from it sends it instead, see
// sendfile(2). It is for one goroutine.
type Section struct {
	file      *os.File
	off, left int64
}

// NewSection returns the n bytes of file from off on. The file stays the caller's; its position is not used.
func NewSection(file *os.File, off, n int64) *Section { return &Section{file, off, n} }

// Read implements io.Reader. A file that ends too early is io.ErrUnexpectedEOF.
func (s *Section) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.file.ReadAt(p[:min(int64(len(p)), s.left)], s.off)
	s.advance(n)
	switch {
	case n > 0:
		return n, nil
	case errors.Is(err, io.EOF):
		return 0, io.ErrUnexpectedEOF
	}
	return 0, err
}

func (s *Section) advance(n int) {
	s.off += int64(n)
	s.left -= int64(n)
}

// Listener returns l, whose TCP connections send Sections.
func Listener(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		return conn{tcp}, nil
	}
	return c, err
}

// conn is a TCP connection that sends Sections.
type conn struct{ *net.TCPConn }

var _ io.ReaderFrom = conn{}

// ReadFrom implements io.ReaderFrom, which is what net/http looks for.
func (c conn) ReadFrom(r io.Reader) (int64, error) {
	s, ok := r.(*Section)
	if !ok {
		return c.TCPConn.ReadFrom(r)
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	begin := s.off
	for s.left > 0 && err == nil {
		err = c.send(raw, s)
	}
	return s.off - begin, err
}

// send sends what the kernel takes at once, after waiting until it takes something.
func (c conn) send(raw syscall.RawConn, s *Section) error {
	n, sendErr := 0, error(nil)
	from := s.file.Fd()
	err := raw.Write(func(to uintptr) bool {
		off := s.off
		for {
			// What is sent at once is bounded so that a deadline is looked at now and then.
			n, sendErr = syscall.Sendfile(int(to), int(from), &off, int(min(s.left, 1<<22)))
			if sendErr != syscall.EINTR {
				return sendErr != syscall.EAGAIN
			}
		}
	})
	switch {
	case err != nil:
		return err // That of the connection, or of its deadline.
	case sendErr != nil:
		return &net.OpError{Op: "sendfile", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("sendfile", sendErr)}
	case n == 0:
		return io.ErrUnexpectedEOF
	}
	s.advance(n)
	return nil
}
