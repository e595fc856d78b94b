package endpoint_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pfsd/cli/internal/door"
	"pfsd/cli/internal/endpoint"
	"pfsd/pfs/pfstest"
)

// open serves a new endpoint and returns its address.
func open(t *testing.T, spec door.S3) string {
	t.Helper()
	object, err := endpoint.Listen(t.Context(), "127.0.0.1:0", spec)
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, pfstest.NewStore(t), object, time.Now)
	t.Cleanup(func() {
		server.Close(t.Context())
		<-server.Done()
		_ = object.Release()
	})
	return object.Spec.S3.Addr
}

// exchange sends a text on conn and returns the status of the answer, whose body it reads.
func exchange(t *testing.T, conn net.Conn, in *bufio.Reader, text string) string {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.Status[:3]
}

// The head of a request is bounded in bytes and in lines, of each request on a connection anew; its body is not.
func TestHeadsAreBounded(t *testing.T) {
	addr := open(t, door.S3{})
	const begin = "GET / HTTP/1.1\r\nHost: localhost\r\n"
	lines := func(n int) string { return strings.Repeat("A:\n", n) }
	for name, c := range map[string]struct{ head, want string }{
		"few lines":   {begin + lines(400) + "\r\n", "200"},
		"many lines":  {begin + lines(4000), "431"},
		"a long line": {begin + "A: " + strings.Repeat("a", 20<<10), "431"},
		"a long URL":  {"GET /?prefix=" + strings.Repeat("a", 20<<10), "431"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if got := exchange(t, conn, bufio.NewReader(conn), c.head); got != c.want {
				t.Errorf("answered %s, want %s", got, c.want)
			}
		})
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	body := strings.Repeat("\n", 100_000)
	if got := exchange(t, conn, in, "PUT /data HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"); got != "200" {
		t.Fatalf("the bucket: %s", got)
	}
	put := fmt.Sprintf("PUT /data/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	for range 3 {
		if got := exchange(t, conn, in, begin+lines(400)+"\r\n"); got != "200" {
			t.Errorf("a request after others: %s", got)
		}
		if got := exchange(t, conn, in, put); got != "200" {
			t.Errorf("a body of many lines: %s", got)
		}
	}
}

// The connection of a request that has both a length and a transfer coding ends after the answer, so that nothing behind the
// request is taken for another one; that of a request with one of them goes on.
func TestAmbiguousBodies(t *testing.T) {
	addr := open(t, door.S3{})
	const begin = "PUT /data HTTP/1.1\r\nHost: localhost\r\n"
	for name, c := range map[string]struct {
		request string
		ends    bool
	}{
		"length":                        {begin + "Content-Length: 0\r\n\r\n", false},
		"coding":                        {begin + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
		"both":                          {begin + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
		"both, the other way":           {begin + "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n", true},
		"lines without carriage return": {strings.ReplaceAll(begin+"Content-Length:5\nTransfer-Encoding:chunked\n\n", "\r", "") + "0\r\n\r\n", true},
		"a name in the body":            {begin + "Transfer-Encoding: chunked\r\n\r\n10\r\nContent-Length:5\r\n0\r\n\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			exchange(t, conn, in, c.request)
			if !c.ends {
				exchange(t, conn, in, c.request)
				return
			}
			if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
				t.Errorf("after the answer: %q, %v", rest, err)
			}
		})
	}
}

// Heads over TLS are bounded, too; who speaks HTTP there is told so.
func TestHeadsOverTLS(t *testing.T) {
	spec := door.S3{}
	cert, key, _ := certificate(t)
	if err := endpoint.Secure(&spec, cert, key); err != nil {
		t.Fatal(err)
	}
	addr := open(t, spec)
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := exchange(t, conn, bufio.NewReader(conn), "GET / HTTP/1.1\r\nHost: localhost\r\n"+strings.Repeat("A:\n", 4000)); got != "431" {
		t.Errorf("many lines: %s", got)
	}
	plain, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	fmt.Fprint(plain, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	answer, err := io.ReadAll(plain)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.0 400 ") || !strings.Contains(string(answer), "HTTPS") {
		t.Errorf("HTTP to HTTPS: %q, %v", answer, err)
	}
}
