package endpoint

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
)

const (
	// maxHead is how many bytes the head of a request may have, its first line included: the 8 KiB of headers that S3 takes, and
	// as much for the URL, which may be presigned. net/http reads 4 KiB more than it is told to.
	maxHead = 16 << 10
	// headSlack is how much more that is.
	headSlack = 4 << 10
	// maxHeadLines is how many lines a head may have. Each becomes some hundred bytes of a map, however short it is, and no 8 KiB
	// of headers that S3 takes, and knows what to do with, have more.
	maxHeadLines = 512
)

// headListener is a listener whose connections bound the lines of each request's head.
type headListener struct{ net.Listener }

// Accept implements net.Listener.
func (l headListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if secure, ok := c.(*tls.Conn); ok {
		return &secureHeadConn{headConn{Conn: c}, secure}, nil
	}
	return &headConn{Conn: c}, nil
}

// secureHeadConn is a headConn over TLS.
type secureHeadConn struct {
	headConn
	secure *tls.Conn
}

// ConnectionState has net/http know that the connection is secure. Before the first Read little of it is known.
func (c *secureHeadConn) ConnectionState() tls.ConnectionState { return c.secure.ConnectionState() }

// Read implements net.Conn. A client that speaks HTTP to it is told so, as net/http does it.
func (c *secureHeadConn) Read(p []byte) (int, error) {
	n, err := c.headConn.Read(p)
	var other tls.RecordHeaderError
	if errors.As(err, &other) && other.Conn != nil && isHTTP(other.RecordHeader) {
		_, _ = io.WriteString(other.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nThis endpoint speaks HTTPS, and this was an HTTP request.\n")
	}
	return n, err
}

// isHTTP reports whether a connection begins as a request of HTTP does.
func isHTTP(begin [5]byte) bool {
	method, _, _ := strings.Cut(string(begin[:]), " ")
	return method != "" && strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// headConn is a connection that counts the lines of heads as net/http reads them. What net/http has read beyond the body of the
// request before is not counted: that is one buffer of 4 KiB at most.
type headConn struct {
	net.Conn
	// lines is how many have come of the head that is being read; negative while a body is.
	lines   atomic.Int64
	framing framing
}

// beginHead tells that a head comes next.
func (c *headConn) beginHead() {
	c.framing.begin()
	c.lines.Store(0)
}

// beginBody tells that a head has ended, and returns whether it leaves open where its body ends.
func (c *headConn) beginBody() (ambiguous bool) {
	c.lines.Store(-1)
	return c.framing.ambiguous()
}

// Read implements net.Conn. To net/http a head with too many lines is one that is too long: it answers 431 to that.
func (c *headConn) Read(p []byte) (int, error) {
	if c.lines.Load() > maxHeadLines {
		return copy(p, bytes.Repeat([]byte{'-'}, len(p))), nil
	}
	n, err := c.Conn.Read(p)
	if c.lines.Load() >= 0 {
		c.lines.Add(int64(bytes.Count(p[:n], []byte{'\n'})))
		c.framing.read(p[:n])
	}
	return n, err
}

// ReadFrom implements io.ReaderFrom, which is how files are sent.
func (c *headConn) ReadFrom(r io.Reader) (int64, error) {
	if to, ok := c.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}

// NetConn returns the connection whose heads are bounded.
func (c *headConn) NetConn() net.Conn { return c.Conn }

// CloseWrite ends what is sent, where that can be done alone: net/http leaves the client time to read the answer then.
func (c *headConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// heading is what a server tells a headConn of either kind.
type heading interface {
	beginHead()
	beginBody() (ambiguous bool)
}

// headKey is under which a request's context has its connection.
type headKey struct{}

// withConn is an http.Server's ConnContext.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, headKey{}, c)
}

// bodies tells the connection of a request whose head was read that a body follows, and ends the connection after a request
// that leaves open where its body ends.
func bodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(headKey{}).(heading); ok && c.beginBody() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
