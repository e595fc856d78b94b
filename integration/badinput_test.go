package integration_test

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sys/unix"

	"pfsd/integration/harness"
)

// badRequest is a request that must be refused.
type badRequest struct {
	name, method, target string
	header               map[string]string
	body                 string
	status               int
	code                 string
}

const (
	badBucket = "master.bad"
	// md5Other and sha256Other are digests of other bytes than those sent.
	md5Other    = "1B2M2Y8AsgTpgAmY7PhCfg=="
	sha256Other = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var badRequests = []badRequest{
	// Buckets.
	{name: "create a bucket with a bad name", method: "PUT", target: "/-bad", status: 400, code: "InvalidBucketName"},
	{name: "create a bucket with four names", method: "PUT", target: "/a.b.c.d", status: 400, code: "InvalidBucketName"},
	{name: "create a bucket with an underscore last", method: "PUT", target: "/bad_.bad", status: 400,
		code: "InvalidBucketName"},
	{name: "delete a bucket with a bad name", method: "DELETE", target: "/a..b", status: 400, code: "InvalidBucketName"},
	{name: "list a missing bucket", method: "GET", target: "/master.missing", status: 404, code: "NoSuchBucket"},
	{name: "put into a missing branch", method: "PUT", target: "/missing.bad/x", body: "x", status: 404, code: "NoSuchBucket"},
	{name: "create a bucket twice", method: "PUT", target: "/" + badBucket, status: 409, code: "BucketAlreadyOwnedByYou"},
	{name: "list a missing commit", method: "GET", target: "/0123456789abcdef0123456789abcdef.bad", status: 404,
		code: "NoSuchBucket"},
	{name: "list with another delimiter", method: "GET", target: "/" + badBucket + "?delimiter=x", status: 400,
		code: "InvalidArgument"},
	{name: "list with bad max-keys", method: "GET", target: "/" + badBucket + "?max-keys=x", status: 400,
		code: "InvalidArgument"},
	{name: "a sub-resource that is not there", method: "PUT", target: "/" + badBucket + "?intelligent-tiering", body: "x",
		status: 501, code: "NotImplemented"},

	// Keys.
	{name: "an empty component", method: "PUT", target: "/" + badBucket + "/a//b", body: "x", status: 400,
		code: "InvalidArgument"},
	{name: "a leading slash", method: "PUT", target: "/" + badBucket + "//a", body: "x", status: 400, code: "InvalidArgument"},
	{name: "a dot", method: "PUT", target: "/" + badBucket + "/a/./b", body: "x", status: 400, code: "InvalidArgument"},
	{name: "two dots", method: "PUT", target: "/" + badBucket + "/a/../b", body: "x", status: 400, code: "InvalidArgument"},
	{name: "two dots, escaped", method: "PUT", target: "/" + badBucket + "/%2e%2e/%2e%2e/etc", body: "x", status: 400,
		code: "InvalidArgument"},
	{name: "a NUL", method: "PUT", target: "/" + badBucket + "/a%00b", body: "x", status: 400, code: "InvalidArgument"},
	{name: "bytes that are not UTF-8", method: "PUT", target: "/" + badBucket + "/%ff", body: "x", status: 400,
		code: "InvalidArgument"},
	{name: "a long component", method: "PUT", target: "/" + badBucket + "/" + strings.Repeat("n", 256), body: "x",
		status: 400, code: "KeyTooLongError"},
	{name: "a long key", method: "PUT", target: "/" + badBucket + "/" + strings.Repeat("n/", 512) + "n", body: "x",
		status: 400, code: "KeyTooLongError"},
	{name: "get a bad key", method: "GET", target: "/" + badBucket + "/a//b", status: 404, code: "NoSuchKey"},
	{name: "get a directory as a file", method: "GET", target: "/" + badBucket + "/dir", status: 404, code: "NoSuchKey"},
	{name: "get below a file", method: "GET", target: "/" + badBucket + "/dir/file/x", status: 404, code: "NoSuchKey"},
	{name: "put below a file", method: "PUT", target: "/" + badBucket + "/dir/file/x", body: "x", status: 409,
		code: "ObjectParentIsFile"},
	{name: "put on a directory", method: "PUT", target: "/" + badBucket + "/dir", body: "x", status: 409,
		code: "ExistingObjectIsDirectory"},
	{name: "a directory with a body", method: "PUT", target: "/" + badBucket + "/new/", body: "x", status: 400},
	{name: "a version that is not there", method: "GET",
		target: "/" + badBucket + "/dir/file?versionId=0123456789abcdef0123456789abcdef", status: 404, code: "NoSuchVersion"},
	{name: "a version before the first", method: "GET", target: "/" + badBucket + "/dir/file?versionId=HEAD%5E99",
		status: 404, code: "NoSuchVersion"},
	{name: "a range beyond the end", method: "GET", target: "/" + badBucket + "/dir/file",
		header: map[string]string{"Range": "bytes=900-"}, status: 416, code: "InvalidRange"},

	// Bodies.
	{name: "wrong Content-MD5", method: "PUT", target: "/" + badBucket + "/new", body: "x",
		header: map[string]string{"Content-MD5": md5Other}, status: 400, code: "BadDigest"},
	{name: "malformed Content-MD5", method: "PUT", target: "/" + badBucket + "/new", body: "x",
		header: map[string]string{"Content-MD5": "zzz"}, status: 400, code: "InvalidDigest"},
	{name: "wrong CRC32", method: "PUT", target: "/" + badBucket + "/new", body: "x",
		header: map[string]string{"x-amz-checksum-crc32": "AAAAAA=="}, status: 400, code: "BadDigest"},
	{name: "wrong SHA-256 of the payload", method: "PUT", target: "/" + badBucket + "/new", body: "x",
		header: map[string]string{"x-amz-content-sha256": sha256Other}, status: 400, code: "XAmzContentSHA256Mismatch"},
	{name: "DeleteObjects with bad XML", method: "POST", target: "/" + badBucket + "?delete", body: "<Delete><Obj",
		status: 400, code: "MalformedXML"},
	{name: "Complete of no upload", method: "POST", target: "/" + badBucket + "/new?uploadId=nothing",
		body:   "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
		status: 404, code: "NoSuchUpload"},

	// Callers that are no S3 client.
	{name: "another Host", method: "GET", target: "/" + badBucket, header: map[string]string{"Host": "evil.example"},
		status: 403, code: "AccessDenied"},
	{name: "an Origin", method: "GET", target: "/" + badBucket, header: map[string]string{"Origin": "http://evil.example"},
		status: 403, code: "AccessDenied"},
}

// TestBadRequests sends what must be refused, and sees that nothing of it is stored and that the door goes on.
func TestBadRequests(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "bad")
	door := s.S3()
	upload(t, door.Client(t), badBucket, "dir/file", strings.NewReader("bytes"), 5)
	before := s.Pfsd("log", "--json", badBucket)
	for _, c := range badRequests {
		t.Run(c.name, func(t *testing.T) { c.expect(t, door) })
	}
	id, err := door.Client(t).NewMultipartUpload(t.Context(), badBucket, "new", minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"0", "10001", "x", ""} {
		c := badRequest{method: "PUT", target: "/" + badBucket + "/new?uploadId=" + id + "&partNumber=" + number, body: "x",
			status: 400, code: "InvalidArgument"}
		t.Run("part number "+number, func(t *testing.T) { c.expect(t, door) })
	}
	t.Run("a body that ends early", func(t *testing.T) { cutBody(t, door) })
	if after := s.Pfsd("log", "--json", badBucket); after != before {
		t.Errorf("something was stored:\n%s", after)
	}
	if got := fetch(t, door.Client(t), badBucket, "dir/file", ""); string(got) != "bytes" {
		t.Errorf("the file is now %q", got)
	}
}

// expect sends the request as it stands, without a client that would mend it.
func (c *badRequest) expect(t *testing.T, door *harness.S3) {
	t.Helper()
	conn, err := net.Dial("tcp", door.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nContent-Length: %d\r\nConnection: close\r\n", c.method, c.target, len(c.body))
	if c.header["Host"] == "" {
		fmt.Fprintf(&head, "Host: %s\r\n", door.Host)
	}
	for key, value := range c.header {
		fmt.Fprintf(&head, "%s: %s\r\n", key, value)
	}
	if _, err := io.WriteString(conn, head.String()+"\r\n"+c.body); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	c.judge(t, answer)
}

func (c *badRequest) judge(t *testing.T, answer *http.Response) {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		RequestID string `xml:"RequestId"`
	}
	if err := xml.Unmarshal(body, &said); err != nil {
		t.Errorf("%d with no S3 error: %v\n%s", answer.StatusCode, err, body)
	}
	if answer.StatusCode != c.status || c.code != "" && said.Code != c.code {
		t.Errorf("%d %s, want %d %s", answer.StatusCode, said.Code, c.status, c.code)
	}
	if id := answer.Header.Get("X-Amz-Request-Id"); id == "" || id != said.RequestID {
		t.Errorf("request id %q in the header, %q in the body", id, said.RequestID)
	}
}

// cutBody sends less than it announced.
func cutBody(t *testing.T, door *harness.S3) {
	t.Helper()
	conn, err := net.Dial("tcp", door.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "PUT /%s/cut HTTP/1.1\r\nHost: %s\r\nContent-Length: 100000\r\n\r\nonly this", badBucket, door.Host)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
		defer answer.Body.Close()
		if answer.StatusCode < 400 {
			t.Errorf("%s for a body that ended early", answer.Status)
		}
	}
}

// TestMountErrors does in a mount what must fail, and sees the errno that a local file system would give.
func TestMountErrors(t *testing.T) {
	s := harness.New(t)
	m := s.Mount("master.bad", "--create")
	for _, dir := range []string{"dir", "dir/below", "empty"} {
		if err := os.Mkdir(m.Path(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(m.Path("file"), []byte("bytes"), 0o644); err != nil {
		t.Fatal(err)
	}
	create := func(name string) error { return os.WriteFile(m.Path(name), nil, 0o644) }
	for _, c := range []struct {
		name string
		do   func() error
		want syscall.Errno
	}{
		{"open what is not there", func() error { _, err := os.Open(m.Path("missing")); return err }, unix.ENOENT},
		{"create in a directory that is not there", func() error { return create("missing/x") }, unix.ENOENT},
		{"create below a file", func() error { return create("file/x") }, unix.ENOTDIR},
		{"a name of 256 bytes", func() error { return create(strings.Repeat("n", 256)) }, unix.ENAMETOOLONG},
		{"a name that is not UTF-8", func() error { return create("\xff") }, unix.EILSEQ},
		{"mkdir of what is there", func() error { return unix.Mkdir(m.Path("dir"), 0o755) }, unix.EEXIST},
		{"O_EXCL on what is there", func() error {
			_, err := os.OpenFile(m.Path("file"), os.O_CREATE|os.O_EXCL, 0o644)
			return err
		}, unix.EEXIST},
		{"write to a directory", func() error { _, err := os.OpenFile(m.Path("dir"), os.O_WRONLY, 0); return err }, unix.EISDIR},
		{"unlink of a directory", func() error { return unix.Unlink(m.Path("dir")) }, unix.EISDIR},
		{"rmdir of a file", func() error { return unix.Rmdir(m.Path("file")) }, unix.ENOTDIR},
		{"rmdir of a directory with files", func() error { return unix.Rmdir(m.Path("dir")) }, unix.ENOTEMPTY},
		{"rename onto a directory with files", func() error { return unix.Rename(m.Path("empty"), m.Path("dir")) },
			unix.ENOTEMPTY},
		{"rename of a directory onto a file", func() error { return unix.Rename(m.Path("dir"), m.Path("file")) }, unix.ENOTDIR},
		{"rename of a file onto a directory", func() error { return unix.Rename(m.Path("file"), m.Path("dir")) }, unix.EISDIR},
		{"rename of a directory into itself", func() error { return unix.Rename(m.Path("dir"), m.Path("dir/below/x")) },
			unix.EINVAL},
		{"readlink of a file", func() error { _, err := os.Readlink(m.Path("file")); return err }, unix.EINVAL},
		{"truncate to less than nothing", func() error { return unix.Truncate(m.Path("file"), -1) }, unix.EINVAL},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.do(); !isErrno(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	if got, err := os.ReadFile(m.Path("file")); err != nil || string(got) != "bytes" {
		t.Errorf("the file is now %q, %v", got, err)
	}
}

// TestReadOnlyMount mounts a commit: everything can be read, and nothing changed.
func TestReadOnlyMount(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "bad")
	client := s.S3().Client(t)
	commit := upload(t, client, badBucket, "file", strings.NewReader("old"), 3).VersionID
	upload(t, client, badBucket, "file", strings.NewReader("newer"), 5)
	m := s.Mount(commit + ".bad")
	if got, err := os.ReadFile(m.Path("file")); err != nil || string(got) != "old" {
		t.Errorf("the file is %q, %v", got, err)
	}
	for name, err := range map[string]error{
		"create":   os.WriteFile(m.Path("new"), nil, 0o644),
		"write":    os.WriteFile(m.Path("file"), nil, 0o644),
		"truncate": unix.Truncate(m.Path("file"), 0),
		"mkdir":    os.Mkdir(m.Path("dir"), 0o755),
		"unlink":   unix.Unlink(m.Path("file")),
		"rename":   unix.Rename(m.Path("file"), m.Path("other")),
		"chmod":    os.Chmod(m.Path("file"), 0o600),
	} {
		if !isErrno(err, unix.EROFS) {
			t.Errorf("%s: %v, want EROFS", name, err)
		}
	}
}

// isErrno reports whether err is that errno.
func isErrno(err error, want syscall.Errno) bool {
	got, ok := errors.AsType[syscall.Errno](err)
	return ok && got == want
}

// TestGarbageOnSocket writes noise to the control socket; the host goes on.
func TestGarbageOnSocket(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "bad")
	door := s.S3()
	for name, garbage := range map[string][]byte{
		"nothing":          nil,
		"noise":            harness.Bytes(1, 100_000),
		"half a request":   []byte("POST /v1/ls HTTP/1.1\r\nContent-Le"),
		"an endless line":  []byte(strings.Repeat("x", 4<<20)),
		"a false length":   []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"),
		"unknown path":     []byte("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"),
		"bad JSON":         []byte("POST /v1/ls HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{{{{{"),
		"a shorter body":   []byte("POST /v1/ls HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"),
		"half an upgrade":  []byte("GET /v1/door HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: pfsd\r\n\r\n\x00\x01"),
		"only line breaks": []byte(strings.Repeat("\r\n", 1000)),
	} {
		conn, err := net.Dial("unix", filepath.Join(s.Data, "sock"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, _ = conn.Write(garbage)
		conn.Close()
		if out := s.Pfsd("ls", badBucket); out != "" {
			t.Errorf("%s: ls prints %q", name, out)
		}
	}
	upload(t, door.Client(t), badBucket, "file", strings.NewReader("bytes"), 5)
}
