package s3_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pfsd/s3"
)

// A client that sends a part of a body and then nothing is told so, and nothing is stored.
func TestStalledBody(t *testing.T) {
	s := newServer(t, func(c *s3.Config) { c.Now, c.Stall = time.Now, 50*time.Millisecond })
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "PUT /data/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhello")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || !strings.Contains(string(answer), "RequestTimeout") {
		t.Errorf("answered %q, %v", answer, err)
	}
	s.want(404, "NoSuchKey", "GET", "/data/k", "")
}

// A client that takes nothing of what it asked for is cut off.
func TestStalledAnswer(t *testing.T) {
	s := newServer(t, func(c *s3.Config) { c.Now, c.Stall = time.Now, 50*time.Millisecond })
	done := make(chan struct{})
	inner := s.Config.Handler
	s.put("/data/k", strings.Repeat("x", 64<<20))
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		inner.ServeHTTP(w, r)
	})
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /data/k HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-done
	if answer, err := io.ReadAll(conn); len(answer) >= 64<<20 {
		t.Errorf("%d bytes were answered (%v)", len(answer), err)
	}
}

// A client that is refused before its body has come, which it does not send, is told so and not waited for.
func TestStalledBodyOfRefused(t *testing.T) {
	for _, body := range []string{"Content-Length: 100\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"} {
		for method, status := range map[string]string{"PUT": "403 ", "HEAD": "403 ", "BREW": "405 "} {
			t.Run(method+body[:8], func(t *testing.T) {
				s := newServer(t, func(c *s3.Config) {
					c.AccessKey, c.SecretKey, c.Now, c.Stall = accessKey, secretKey, time.Now, 50*time.Millisecond
				})
				conn, err := net.Dial("tcp", s.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				fmt.Fprint(conn, method+" /data/k HTTP/1.1\r\nHost: localhost\r\n"+body)
				answer, err := io.ReadAll(conn)
				if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 "+status) {
					t.Errorf("answered %q, %v", answer, err)
				}
			})
		}
	}
}

// A client that asks and asks, and takes none of the answers, is cut off: also when these have no body.
func TestStalledAnswersWithoutBody(t *testing.T) {
	s := newServer(t, func(c *s3.Config) {
		c.AccessKey, c.SecretKey, c.Now, c.Stall = accessKey, secretKey, time.Now, 50*time.Millisecond
	})
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	requests := strings.Repeat("HEAD /data/k HTTP/1.1\r\nHost: localhost\r\n\r\n", 100)
	for err == nil {
		_, err = io.WriteString(conn, requests)
	}
}
