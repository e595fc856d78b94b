package s3_test

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"pfsd/s3"
)

// lines is a log of which each line can be waited for.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// TestClientThatGoesAway finds that a client that resets its connection in mid-answer is logged as gone, and as no error of
// the server.
func TestClientThatGoesAway(t *testing.T) {
	log := make(lines, 100)
	s := newServer(t, func(c *s3.Config) {
		c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	s.put("/data/large", strings.Repeat("0123456789abcdef", 2<<20))
	conn := s.dial("GET /data/large HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if _, err := io.ReadFull(conn, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for line := range log {
		if strings.Contains(line, "operation=GetObject") {
			if !strings.Contains(line, "level=DEBUG") || !strings.Contains(line, "status=499") {
				t.Errorf("logged: %s", line)
			}
			return
		}
	}
}
