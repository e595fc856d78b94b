package s3_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestHostileRequests sends what no client library does, byte by byte, and sees that nothing is stored of what is refused.
func TestHostileRequests(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "hello")
	for _, tc := range []struct {
		name, request, status, code string
	}{
		{"no host", "GET /data/k HTTP/1.0\r\n\r\n", "200", ""},
		{"another host", "GET /data/k HTTP/1.0\r\nHost: example.org\r\n\r\n", "403", "AccessDenied"},
		{"a length that nothing has", put("Content-Length: 9223372036854775807", "x"), "400", "EntityTooLarge"},
		{"a length that no object has", put("Content-Length: 54975581388801", "x"), "400", "EntityTooLarge"},
		{"a decoded length that no object has", put("Content-Length: 15\r\nx-amz-decoded-content-length: 54975581388801\r\n"+
			"x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER", "5\r\nhello\r\n0\r\n\r\n"), "400", "EntityTooLarge"},
		{"a part of no size", strings.Replace(put("Content-Length: 9223372036854775807", "x"), "/bad", "/bad?partNumber=1&uploadId=x", 1),
			"404", "NoSuchUpload"},
		{"a copy of nothing", put("x-amz-copy-source: \r\nContent-Length: 0", ""), "400", "InvalidArgument"},
		{"no length", put("X-A: b", "x"), "411", "MissingContentLength"},
		{"a length below nothing", put("Content-Length: -1", "x"), "400", ""},
		{"two lengths", put("Content-Length: 1\r\nContent-Length: 2", "xy"), "400", ""},
		{"chunks that are none", put("Transfer-Encoding: chunked", "zz\r\nhello\r\n0\r\n\r\n"), "400", "IncompleteBody"},
		{"chunks that are cut off", put("Transfer-Encoding: chunked", "5\r\nhello\r\n"), "400", "IncompleteBody"},
		{"a body that is cut off", put("Content-Length: 10", "hello"), "400", "IncompleteBody"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, body := exchange(t, s.Listener.Addr().String(), tc.request, strings.HasSuffix(tc.name, "cut off"))
			if status != tc.status || tc.code != "" && !strings.Contains(body, "<Code>"+tc.code+"</Code>") {
				t.Errorf("the answer is %s: %s; want %s %s", status, body, tc.status, tc.code)
			}
		})
	}
	s.want(404, "NoSuchKey", "GET", "/data/bad", "")
}

// put is the text of a PUT with these headers and body.
func put(headers, body string) string {
	return "PUT /data/bad HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n\r\n" + body
}

// exchange sends the text of a request and returns the status and body of the answer. One that is cut off is followed by the end
// of the connection's way there, which net/http takes, after a whole request, for a client that has gone.
func exchange(t *testing.T, addr, request string, cut bool) (status, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, request); err != nil {
		t.Fatal(err)
	}
	if cut {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Status[:3], string(all)
}
