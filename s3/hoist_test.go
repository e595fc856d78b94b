package s3_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"pfsd/s3/checksum"
)

// presigned sends a request whose URL was signed with these parameters in it, pairs of name and value.
func (s *server) presigned(method, path, body string, parameters ...string) answer {
	s.t.Helper()
	query := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		query.Add(parameters[i], parameters[i+1])
	}
	r, err := http.NewRequest(method, s.URL+path+"?"+query.Encode(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	signed := signer.PreSignV4(*r, accessKey, secretKey, "", "us-east-1", 60)
	return s.do(method, strings.TrimPrefix(signed.URL.String(), s.URL), body)
}

// SDKs put headers into the query of the URLs that they sign: they count as if they were sent.
func TestHeadersInPresignedURLs(t *testing.T) {
	s := newSignedServer(t)
	sum := func(data string) string { return sumOf(checksum.CRC32, data) }
	for _, tc := range []struct {
		name       string
		parameters []string
		status     int
		code       string
	}{
		{"metadata", []string{"x-amz-meta-colour", "red", "x-amz-tagging", "a=b"}, 200, ""},
		{"of no body", []string{"x-amz-checksum-crc32", sum(""), "x-amz-sdk-checksum-algorithm", "CRC32"}, 200, ""},
		{"checksum", []string{"x-amz-checksum-crc32", sum("hello")}, 200, ""},
		{"another checksum", []string{"x-amz-checksum-crc32", sum("jello")}, 400, "BadDigest"},
		{"ACL", []string{"x-amz-acl", "public-read"}, 400, "AccessControlListNotSupported"},
		{"owner", []string{"x-amz-expected-bucket-owner", "123456789012"}, 403, "AccessDenied"},
		{"hash", []string{"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"}, 200, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if a := s.presigned("PUT", "/data/"+url.PathEscape(tc.name), "hello", tc.parameters...); a.StatusCode != tc.status ||
				a.code() != tc.code {
				t.Errorf("%s %s", a.Status, a.body)
			}
		})
	}
	if a := s.presigned("HEAD", "/data/metadata", ""); a.Header.Get("X-Amz-Meta-Colour") != "red" ||
		a.Header.Get("X-Amz-Tagging-Count") != "1" {
		t.Errorf("%v", a.Header)
	}
	if a := s.presigned("PUT", "/data/copy", "", "x-amz-copy-source", "data/metadata"); !strings.Contains(a.body,
		"CopyObjectResult") {
		t.Errorf("a copy: %s %s", a.Status, a.body)
	}
	if a := s.presigned("GET", "/data/copy", ""); a.body != "hello" {
		t.Errorf("the copy is %q", a.body)
	}
}

// One that is in the query twice counts as one with commas, as a header in two lines does.
func TestHoistedTwice(t *testing.T) {
	s := newSignedServer(t)
	a := s.presigned("PUT", "/data/k", "hello", "x-amz-acl", "private", "x-amz-acl", "public-read")
	if a.StatusCode != 400 || a.code() != "InvalidArgument" {
		t.Errorf("%s %s", a.Status, a.body)
	}
	if a := s.presigned("PUT", "/data/k", "hello", "x-amz-meta-a", "1", "x-amz-meta-a", "2"); a.StatusCode != 200 {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	if a := s.presigned("HEAD", "/data/k", ""); a.Header.Get("X-Amz-Meta-A") != "1,2" {
		t.Errorf("%v", a.Header)
	}
}

// In version 2 such headers are signed as if they had been sent. What was added to a URL since is not.
func TestHeadersInPresignedURLsOfVersion2(t *testing.T) {
	s := newSignedServer(t)
	expires := strconv.FormatInt(time.Now().Unix()+60, 10)
	mac := hmac.New(sha1.New, []byte(secretKey))
	mac.Write([]byte("PUT\n\ntext/x\n" + expires + "\nx-amz-meta-a:b\nx-amz-tagging:x=y\n/data/k"))
	query := url.Values{"AWSAccessKeyId": {accessKey}, "Expires": {expires}, "content-type": {"text/x"}, "x-amz-meta-a": {"b"},
		"x-amz-tagging": {"x=y"}, "Signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}
	s.want(200, "", "PUT", "/data/k?"+query.Encode(), "hello")
	if a := s.presigned("HEAD", "/data/k", ""); a.Header.Get("X-Amz-Meta-A") != "b" || a.Header.Get("Content-Type") != "text/x" ||
		a.Header.Get("X-Amz-Tagging-Count") != "1" {
		t.Errorf("%v", a.Header)
	}
	query.Set("x-amz-meta-more", "c")
	s.want(403, "SignatureDoesNotMatch", "PUT", "/data/k?"+query.Encode(), "hello")
}
