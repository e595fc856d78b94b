package s3_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pfsd/s3"
)

// pipes is a listener whose connections are pipes in memory: nothing but the two ends and the clock of the test moves them.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// dial connects to the server.
func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.accepted <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// stalled runs fn with a server and a connection to it on a clock that goes on only when all wait, so that a stall is one
// however slow the machine is. The server has keys if keyed.
func stalled(t *testing.T, keyed bool, fn func(t *testing.T, s *server, conn net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})}
		s := newServer(t, func(c *s3.Config) {
			c.Now, c.Stall = time.Now, time.Minute
			if keyed {
				c.AccessKey, c.SecretKey = accessKey, secretKey
			}
		})
		s.overPipes(p)
		conn, err := p.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fn(t, s, conn)
	})
}

// A client that sends a part of a body and then nothing is told so, and nothing is stored.
func TestStalledBody(t *testing.T) {
	stalled(t, false, func(t *testing.T, s *server, conn net.Conn) {
		begun := time.Now()
		fmt.Fprint(conn, "PUT /data/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhello")
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || !strings.Contains(string(answer), "RequestTimeout") {
			t.Errorf("answered %q, %v", answer, err)
		}
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("the client was waited for %v", took)
		}
		s.want(404, "NoSuchKey", "GET", "/data/k", "")
	})
}

// A client that takes nothing of what it asked for is cut off.
func TestStalledAnswer(t *testing.T) {
	stalled(t, false, func(t *testing.T, s *server, conn net.Conn) {
		s.put("/data/k", strings.Repeat("x", 1<<20))
		fmt.Fprint(conn, "GET /data/k HTTP/1.1\r\nHost: localhost\r\n\r\n")
		time.Sleep(time.Minute + time.Second)
		if answer, err := io.ReadAll(conn); len(answer) >= 1<<20 {
			t.Errorf("%d bytes were answered (%v)", len(answer), err)
		}
	})
}

// A client that is refused before its body has come, which it does not send, is told so and not waited for longer than that.
func TestStalledBodyOfRefused(t *testing.T) {
	for _, body := range []string{"Content-Length: 100\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"} {
		for method, status := range map[string]string{"PUT": "403 ", "HEAD": "403 ", "BREW": "405 "} {
			t.Run(method+body[:8], func(t *testing.T) {
				stalled(t, true, func(t *testing.T, _ *server, conn net.Conn) {
					fmt.Fprint(conn, method+" /data/k HTTP/1.1\r\nHost: localhost\r\n"+body)
					answer, err := io.ReadAll(conn)
					if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 "+status) {
						t.Errorf("answered %q, %v", answer, err)
					}
				})
			})
		}
	}
}

// A client that asks and asks, and takes none of the answers, is cut off: also when these have no body.
func TestStalledAnswersWithoutBody(t *testing.T) {
	stalled(t, true, func(_ *testing.T, _ *server, conn net.Conn) {
		requests := strings.Repeat("HEAD /data/k HTTP/1.1\r\nHost: localhost\r\n\r\n", 100)
		var err error
		for err == nil {
			_, err = io.WriteString(conn, requests)
		}
	})
}
