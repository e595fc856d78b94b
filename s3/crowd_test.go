package s3_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/s3"
)

func realTime() time.Time { return time.Now() }

// dial opens a connection, sends what begins a request and leaves it at that.
func (s *server) dial(begin string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err == nil {
		_, err = io.WriteString(conn, begin)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// Neither connections on which nothing happens nor clients that stop in mid-body, nor such as do not take their answers,
// keep others from being served.
func TestCrowd(t *testing.T) {
	s := newServer(t, func(c *s3.Config) { c.Now, c.Stall = realTime, time.Hour })
	s.put("/data/large", strings.Repeat("x", 8<<20))
	id := s.create("/data/parts")
	var crowd []net.Conn
	for range 1000 {
		crowd = append(crowd, s.dial(""))
	}
	piece := strings.Repeat("y", 300_000)
	for i := range 100 {
		target := fmt.Sprintf("/data/slow%d", i)
		if i%2 == 0 {
			target = fmt.Sprintf("/data/parts?partNumber=%d&uploadId=%s", i+1, id)
		}
		crowd = append(crowd, s.dial("PUT "+target+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"+piece))
	}
	for range 50 {
		crowd = append(crowd, s.dial("GET /data/large HTTP/1.1\r\nHost: localhost\r\n\r\n"),
			s.dial("PUT /data/head HTTP/1.1\r\nHost: local"))
	}
	for i := range 12 {
		key := fmt.Sprintf("/data/k%d", i)
		s.put(key, piece)
		if s.get(key) != piece {
			t.Errorf("%s has other bytes", key)
		}
	}
	s.part("/data/parts", id, 200, piece)
	if got := len(s.list("prefix=k").keys()); got != 12 {
		t.Errorf("%d keys listed", got)
	}
	for _, conn := range crowd {
		conn.Close()
	}
}

// Clients that go away in mid-upload leave no names, parts or uploads, and their bytes are garbage that goes.
func TestClientsThatGoAway(t *testing.T) {
	s := newServer(t)
	s.put("/data/kept", bytesOf(1, 1<<20))
	id := s.create("/data/parts")
	for i, target := range []string{"/data/k", "/data/parts?partNumber=1&uploadId=" + id} {
		body := bytesOf(byte(10+i), 3<<20)
		answer := s.raw("PUT " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n" + body)
		if !strings.HasPrefix(answer, "HTTP/1.1 400 ") {
			t.Errorf("%s: %s", target, answer)
		}
	}
	const form = "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nform\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"
	s.raw("POST /data HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n" +
		"Content-Length: 9000000\r\n\r\n" + form + bytesOf(20, 3<<20))
	// One whose connection breaks: the server may learn of it only later, so the end of all requests is awaited.
	conn := s.dial("PUT /data/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n" + bytesOf(30, 3<<20))
	_ = conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
	if got := strings.Join(s.list("").keys(), " "); got != "kept" {
		t.Errorf("names: %s", got)
	}
	if parts, err := s.store.Parts(t.Context(), pfs.BranchRef("data", "master"), pfs.UploadID(commitID(t, id)), 0, 0); err != nil ||
		len(parts) != 0 {
		t.Errorf("parts: %v, %v", parts, err)
	}
	s.want(204, "", "DELETE", "/data/parts?uploadId="+id, "")
	s.Close()
	found, err := s.store.GC(t.Context(), pfs.GCOptions{Compact: pfs.CompactAll})
	if err != nil || found.Unlinked.Bytes < 3<<20 {
		t.Errorf("garbage: %+v, %v", found, err)
	}
	left, err := s.store.GC(t.Context(), pfs.GCOptions{DryRun: true})
	if err != nil || left.Unlinked.Bytes != 0 || left.Live.Bytes < 1<<20 {
		t.Errorf("left: %+v, %v", left, err)
	}
}

func commitID(t *testing.T, text string) pfs.CommitID {
	t.Helper()
	id, err := pfs.ParseCommitID(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
