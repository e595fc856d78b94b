package s3_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"pfsd/s3"
)

// Bodies that stop in the middle are cut off when others need their memory, with an answer that has clients try again; those who
// wait are served.
func TestSlowBodyIsCutOff(t *testing.T) {
	s := newServer(t, func(c *s3.Config) { c.Now, c.Stall, c.Memory = time.Now, time.Hour, 1<<20 })
	id := s.create("/data/parts")
	for name, target := range map[string]string{
		"object": "PUT /data/bad", "part": "PUT /data/parts?partNumber=1&uploadId=" + id, "XML": "POST /data?delete",
		"form": "POST /data",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"+
				"Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n", target)
			// It is told to go on when it has been let in.
			told := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
			if _, err := io.ReadFull(conn, told); err != nil || !strings.Contains(string(told), "100") {
				t.Fatalf("%q, %v", told, err)
			}
			fmt.Fprint(conn, "begun")
			large := strings.Repeat("y", 100_000)
			s.put("/data/good", large)
			if s.get("/data/good") != large {
				t.Error("other bytes")
			}
			answer, err := io.ReadAll(conn)
			if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 503 ") || !strings.Contains(string(answer), "<Code>SlowDown</Code>") {
				t.Errorf("answered %q, %v", answer, err)
			}
		})
	}
	s.want(404, "NoSuchKey", "GET", "/data/bad", "")
}
