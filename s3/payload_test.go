package s3_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"pfsd/s3/checksum"
)

func sumOf(a checksum.Algorithm, data string) string {
	h := a.New()
	h.Write([]byte(data))
	return checksum.Encode(h.Sum(nil))
}

// trailing is data as STREAMING-UNSIGNED-PAYLOAD-TRAILER has it.
func trailing(data, name, value string) string {
	return fmt.Sprintf("%x\r\n%s\r\n0\r\n%s:%s\r\n\r\n", len(data), data, name, value)
}

func TestChecksums(t *testing.T) {
	s := newServer(t)
	for _, a := range checksum.Algorithms() {
		good, bad := sumOf(a, "hello"), sumOf(a, "other")
		h := s.want(200, "", "PUT", "/data/k", "hello", a.Header(), good, "x-amz-sdk-checksum-algorithm", a.String()).Header
		if h.Get(a.Header()) != good || h.Get("X-Amz-Checksum-Type") != "FULL_OBJECT" {
			t.Errorf("%v: PUT answered %v", a, h)
		}
		h = s.want(200, "", "GET", "/data/k", "", "x-amz-checksum-mode", "ENABLED").Header
		if h.Get(a.Header()) != good || h.Get("X-Amz-Checksum-Type") != "FULL_OBJECT" {
			t.Errorf("%v: GET answered %v", a, h)
		}
		if h := s.want(200, "", "GET", "/data/k", "").Header; h.Get(a.Header()) != "" {
			t.Errorf("%v: a checksum that was not asked for", a)
		}
		listed := "<ChecksumAlgorithm>" + a.String() + "</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
		for _, query := range []string{"?list-type=2", "?versions&max-keys=1"} {
			if got := s.get("/data" + query); !strings.Contains(got, listed) {
				t.Errorf("%v: not in %s", a, got)
			}
		}
		h = s.want(200, "", "PUT", "/data/dir/", "", a.Header(), sumOf(a, "")).Header
		if h.Get(a.Header()) != sumOf(a, "") {
			t.Errorf("%v: PUT of a directory answered %v", a, h)
		}
		s.want(204, "", "DELETE", "/data/dir/", "")
		s.want(400, "BadDigest", "PUT", "/data/bad", "hello", a.Header(), bad)
		s.want(400, "InvalidRequest", "PUT", "/data/bad", "hello", a.Header(), "x"+good)
		streaming := []string{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-decoded-content-length", "5",
			"Content-Encoding", "aws-chunked", "x-amz-trailer", a.Header()}
		s.want(200, "", "PUT", "/data/k", trailing("hello", a.Header(), good), streaming...)
		if got := s.want(200, "", "GET", "/data/k", "", "x-amz-checksum-mode", "ENABLED"); got.body != "hello" ||
			got.Header.Get(a.Header()) != good || got.Header.Get("Content-Encoding") != "" {
			t.Errorf("%v by trailer: %q %v", a, got.body, got.Header)
		}
		s.want(400, "BadDigest", "PUT", "/data/bad", trailing("hello", a.Header(), bad), streaming...)
		s.want(400, "MalformedTrailerError", "PUT", "/data/bad", trailing("hello", "x-amz-other", good), streaming...)
		s.want(400, "MalformedTrailerError", "PUT", "/data/bad", "5\r\nhello\r\n0\r\n\r\n", streaming...)
		s.want(400, "MalformedTrailerError", "PUT", "/data/bad", trailing("hello", a.Header(), good), streaming[:4]...)
	}
	s.want(404, "NoSuchKey", "GET", "/data/bad", "")
}

func TestDigests(t *testing.T) {
	s := newServer(t)
	md5sum, other := md5.Sum([]byte("hello")), md5.Sum([]byte("other"))
	sha := sha256.Sum256([]byte("hello"))
	for _, tc := range []struct {
		name    string
		status  int
		code    string
		headers []string
	}{
		{"md5", 200, "", []string{"Content-MD5", base64.StdEncoding.EncodeToString(md5sum[:])}},
		{"wrong md5", 400, "BadDigest", []string{"Content-MD5", base64.StdEncoding.EncodeToString(other[:])}},
		{"no md5", 400, "InvalidDigest", []string{"Content-MD5", "hello"}},
		{"empty md5", 400, "InvalidDigest", []string{"Content-MD5", ""}},
		{"sha256", 200, "", []string{"x-amz-content-sha256", hex.EncodeToString(sha[:])}},
		{"wrong sha256", 400, "XAmzContentSHA256Mismatch", []string{"x-amz-content-sha256", strings.Repeat("0", 64)}},
		{"no sha256", 400, "InvalidArgument", []string{"x-amz-content-sha256", "hello"}},
		{"unsigned", 200, "", []string{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}},
		{"unknown form", 501, "NotImplemented", []string{"x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}},
		{"two checksums", 400, "InvalidRequest", []string{"x-amz-checksum-crc32", sumOf(checksum.CRC32, "hello"),
			"x-amz-checksum-sha1", sumOf(checksum.SHA1, "hello")}},
		{"other algorithm", 400, "InvalidRequest", []string{"x-amz-checksum-crc32", sumOf(checksum.CRC32, "hello"),
			"x-amz-sdk-checksum-algorithm", "SHA1"}},
		{"unknown algorithm", 400, "InvalidRequest", []string{"x-amz-sdk-checksum-algorithm", "ADLER"}},
		{"checksum of an unknown algorithm", 400, "InvalidRequest", []string{"x-amz-checksum-adler", "AAAA"}},
		{"trailer without chunks", 400, "InvalidRequest", []string{"x-amz-trailer", "x-amz-checksum-crc32"}},
		{"unknown trailer", 400, "InvalidRequest", []string{"x-amz-trailer", "x-amz-colour",
			"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-decoded-content-length", "5"}},
		{"not chunked", 400, "IncompleteBody", []string{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
			"x-amz-decoded-content-length", "5"}},
		{"no decoded length", 411, "MissingContentLength", []string{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}},
		{"algorithm without a checksum", 400, "InvalidRequest", []string{"x-amz-sdk-checksum-algorithm", "CRC32"}},
		{"header and trailer", 400, "InvalidRequest", []string{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
			"x-amz-decoded-content-length", "5", "x-amz-checksum-crc32", sumOf(checksum.CRC32, "other"),
			"x-amz-trailer", "x-amz-checksum-crc32"}},
		{"two trailers", 400, "InvalidRequest", []string{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
			"x-amz-decoded-content-length", "5", "x-amz-trailer", "x-amz-checksum-crc32", "x-amz-trailer", "x-amz-checksum-sha1"}},
		{"bad decoded length", 400, "InvalidArgument", []string{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
			"x-amz-decoded-content-length", "-1"}},
	} {
		a := s.do("PUT", "/data/"+strings.ReplaceAll(tc.name, " ", "-"), "hello", tc.headers...)
		if a.StatusCode != tc.status || tc.code != "" && a.code() != tc.code {
			t.Errorf("%s: %d %s", tc.name, a.StatusCode, a.body)
		}
	}
	if got := strings.Join(s.list("").keys(), " "); got != "md5 sha256 unsigned" {
		t.Errorf("stored: %s", got)
	}
}

func TestChunkedWithoutLength(t *testing.T) {
	s := newServer(t)
	a := s.send("PUT", "/data/k", io.MultiReader(strings.NewReader("hel"), strings.NewReader("lo")))
	if a.StatusCode != 200 || s.get("/data/k") != "hello" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	body := trailing("hello", "x-amz-checksum-crc32", sumOf(checksum.CRC32, "hello"))
	a = s.send("PUT", "/data/k2", io.MultiReader(strings.NewReader(body)), "x-amz-content-sha256",
		"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-decoded-content-length", "5",
		"x-amz-trailer", "x-amz-checksum-crc32")
	if a.StatusCode != 200 || s.get("/data/k2") != "hello" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for _, length := range []string{"4", "6"} {
		s.want(400, "IncompleteBody", "PUT", "/data/k3", body, "x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
			"x-amz-trailer", "x-amz-checksum-crc32", "x-amz-decoded-content-length", length)
	}
}

// raw sends bytes as they are, and that there are no more of them, and returns all that is answered before the server
// closes. To the server that looks like a client that may be gone: it need not carry out a request that was whole.
func (s *server) raw(request string) string {
	s.t.Helper()
	return s.exchange(request, true)
}

// exchange sends bytes as they are, and with end that there are no more, and returns all that is answered before the
// server closes.
func (s *server) exchange(request string, end bool) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	if end {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			s.t.Fatal(err)
		}
	}
	var out bytes.Buffer
	_, _ = io.Copy(&out, conn)
	return out.String()
}

func TestTruncatedBody(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "old")
	for name, request := range map[string]string{
		"length":  "PUT /data/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhello",
		"chunked": "PUT /data/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"aws-chunked": "PUT /data/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n" +
			"x-amz-decoded-content-length: 5\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n\r\n5\r\nhello\r\n",
		"part of aws-chunked": "PUT /data/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n" +
			"x-amz-decoded-content-length: 5\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n\r\n5\r\nhello\r\n",
		"directory": "PUT /data/dir/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
	} {
		answer := s.raw(request)
		if !strings.HasPrefix(answer, "HTTP/1.1 400") || !strings.Contains(answer, "<Code>IncompleteBody</Code>") {
			t.Errorf("%s: %s", name, answer)
		}
		if got := s.get("/data/k"); got != "old" {
			t.Errorf("%s: the object is %q", name, got)
		}
	}
	if got := strings.Join(s.list("").keys(), " "); got != "k" {
		t.Errorf("stored: %s", got)
	}
}

// A client that waits for 100 Continue is refused before it has sent the body.
func TestExpectContinue(t *testing.T) {
	s := newServer(t)
	head := "PUT /%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
	if answer := s.exchange(fmt.Sprintf(head, "missing/k"), false); !strings.HasPrefix(answer, "HTTP/1.1 404") ||
		strings.Contains(answer, "100 Continue") {
		t.Errorf("refused: %s", answer)
	}
	if answer := s.exchange(fmt.Sprintf(head, "data/k")+"hello", false); !strings.HasPrefix(answer,
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK") {
		t.Errorf("taken: %s", answer)
	}
	empty := strings.Replace(head, "Content-Length: 5", "Content-Length: 0", 1)
	for _, path := range []string{"data/empty", "missing/empty"} {
		if answer := s.exchange(fmt.Sprintf(empty, path), false); !strings.HasPrefix(answer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 ") {
			t.Errorf("empty, to %s: %s", path, answer)
		}
	}
}

func TestGarbage(t *testing.T) {
	s := newServer(t)
	for _, request := range []string{"garbage\r\n\r\n", "GET * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET // HTTP/1.1\r\nHost: " +
			"localhost\r\nConnection: close\r\n\r\n",
		"GET //k HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "PUT /data/%zz HTTP/1.1\r\nHost: " +
			"localhost\r\nConnection: close\r\n\r\n"} {
		answer := s.raw(request)
		if !strings.HasPrefix(answer, "HTTP/1.1 4") && !strings.HasPrefix(request, "OPTIONS *") {
			t.Errorf("%q: %s", request, answer)
		}
	}
}

// A request that lost its length looks like one for an empty object, and must not make one.
func TestBodyWithoutLength(t *testing.T) {
	s := newServer(t)
	id := s.create("/data/k")
	for _, path := range []string{"/data/k", "/data/dir/", "/data/k?partNumber=1&uploadId=" + id} {
		answer := s.exchange("PUT "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", false)
		if !strings.HasPrefix(answer, "HTTP/1.1 411 ") || !strings.Contains(answer, "<Code>MissingContentLength</Code>") {
			t.Errorf("PUT %s: %s", path, answer)
		}
	}
	s.want(404, "NoSuchKey", "GET", "/data/k", "")
	s.want(200, "", "PUT", "/data/k", "")
}

// Clients show the names of user metadata as they come, and S3 sends them in lower case.
func TestMetadataNamesGoOutInLowerCase(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x", "X-Amz-Meta-Two-Words", "a", "X-Amz-Meta-Mtime", "1.5")
	answer := s.exchange("HEAD /data/k HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", false)
	if !strings.Contains(answer, "\r\nx-amz-meta-two-words: a\r\n") || !strings.Contains(answer, "\r\nx-amz-meta-mtime: 1.5\r\n") {
		t.Errorf("HEAD: %s", answer)
	}
}
