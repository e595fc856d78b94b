package s3_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"pfsd/s3/checksum"
)

// signed sends a request that an independent implementation has signed for a region, after which change may alter it.
func (s *server) signed(method, path, body, payload string, change func(*http.Request)) answer {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Content-Sha256", payload)
	if strings.Contains(payload, "TRAILER") {
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
	}
	if strings.HasPrefix(payload, "STREAMING-") {
		r.Header.Set("X-Amz-Decoded-Content-Length", "5")
	}
	r = signer.SignV4(*r, accessKey, secretKey, "", "mars-north-1")
	if change != nil {
		change(r)
	}
	response, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response, string(data)}
}

// What is wrong with a signature is told as S3 tells it.
func TestSignatureErrors(t *testing.T) {
	s := newSignedServer(t)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	replace := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	query := func(query string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header = http.Header{}
			r.URL.RawQuery = query
		}
	}
	date := time.Now().UTC().Format("20060102")
	for _, tc := range []struct {
		name   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"right, for any region", nil, 404, "NoSuchKey"},
		{"none", func(r *http.Request) { r.Header = http.Header{} }, 403, "AccessDenied"},
		{"another scheme", set("Authorization", "Bearer x"), 400, "InvalidArgument"},
		{"no credential", set("Authorization", "AWS4-HMAC-SHA256 x"), 400, "AuthorizationHeaderMalformed"},
		{"another service", replace("/s3/", "/ec2/"), 400, "AuthorizationHeaderMalformed"},
		{"another terminal", replace("/aws4_request", "/aws5_request"), 400, "AuthorizationHeaderMalformed"},
		{"another day", replace(date, "20200101"), 400, "AuthorizationHeaderMalformed"},
		{"no signed headers", replace("SignedHeaders=", "Signed="), 400, "AuthorizationHeaderMalformed"},
		{"another region", replace("mars-north-1", "us-east-1"), 403, "SignatureDoesNotMatch"},
		{"another key", replace(accessKey, "OTHER"), 403, "InvalidAccessKeyId"},
		{"another signature", replace("Signature=", "Signature=0"), 403, "SignatureDoesNotMatch"},
		{"an hour early", set("X-Amz-Date", "20200101T000000Z"), 403, "RequestTimeTooSkewed"},
		{"no date", set("X-Amz-Date", "now"), 403, "AccessDenied"},
		{"a header that is not signed", set("X-Amz-Meta-A", "x"), 403, "AccessDenied"},
		{"no hash", func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") }, 400, "InvalidRequest"},
		{"presigned, no credential", query("X-Amz-Algorithm=AWS4-HMAC-SHA256"), 400, "AuthorizationQueryParametersError"},
		{"presigned, expired", query("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + accessKey +
			"/20200101/x/s3/aws4_request&X-Amz-Date=20200101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=x"),
			403, "AccessDenied"},
		{"presigned, for too long", query("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + accessKey +
			"/20200101/x/s3/aws4_request&X-Amz-Date=20200101T000000Z&X-Amz-Expires=604801&X-Amz-SignedHeaders=host&X-Amz-Signature=x"),
			400, "AuthorizationQueryParametersError"},
		{"version 2, presigned, expired", query("AWSAccessKeyId=" + accessKey + "&Expires=1&Signature=x"), 403, "AccessDenied"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := s.signed("GET", "/data/k", "", "UNSIGNED-PAYLOAD", tc.change)
			if a.StatusCode != tc.status || a.code() != tc.code {
				t.Errorf("%s %s", a.Status, a.body)
			}
		})
	}
}

// Who signs wrongly is told what should have been signed, as S3 does.
func TestSignatureMismatchTellsWhatIsSigned(t *testing.T) {
	s := newSignedServer(t)
	type told struct{ AWSAccessKeyId, StringToSign, SignatureProvided, CanonicalRequest string }
	a := s.signed("GET", "/data/k?versionId=x", "", "UNSIGNED-PAYLOAD", func(r *http.Request) { r.URL.RawQuery = "versionId=y" })
	got := decode[told](t, a)
	if got.AWSAccessKeyId != accessKey || !strings.HasPrefix(got.StringToSign, "AWS4-HMAC-SHA256\n") || got.SignatureProvided == "" ||
		!strings.HasPrefix(got.CanonicalRequest, "GET\n/data/k\nversionId=y\n") || strings.Contains(a.body, secretKey) {
		t.Errorf("%s", a.body)
	}
	stamp := time.Now().UTC().Format(http.TimeFormat)
	a = s.want(403, "SignatureDoesNotMatch", "GET", "/data/k?acl", "", "Date", stamp, "Authorization", "AWS "+accessKey+":x")
	if got := decode[told](t, a); got.StringToSign != "GET\n\n\n"+stamp+"\n/data/k?acl" || got.SignatureProvided != "x" {
		t.Errorf("%s", a.body)
	}
}

// The forms of a body that are not signed chunk by chunk; minio-go sends those in TestMinioClient and TestTamperedChunk.
func TestPayloadForms(t *testing.T) {
	s := newSignedServer(t)
	const helloHash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	crc := sumOf(checksum.CRC32, "hello")
	for _, tc := range []struct{ name, payload, body, code string }{
		{"signed", helloHash, "hello", ""},
		{"signed, other bytes", helloHash, "jello", "XAmzContentSHA256Mismatch"},
		{"unsigned", "UNSIGNED-PAYLOAD", "hello", ""},
		{"unsigned with trailer", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", trailing("hello", "x-amz-checksum-crc32", crc), ""},
		{"unsigned with trailer, other bytes", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", trailing("jello", "x-amz-checksum-crc32",
			crc), "BadDigest"},
		{"unsigned without its trailer", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "5\r\nhello\r\n0\r\n\r\n",
			"MalformedTrailerError"},
		{"unsigned, a trailer too many", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
			"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" + crc + "\r\nx-amz-checksum-sha1:x\r\n\r\n", "MalformedTrailerError"},
		{"signed chunks without signatures", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "5\r\nhello\r\n0\r\n\r\n", "InvalidRequest"},
		{"signed chunks, wrong signatures", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "5;chunk-signature=" + helloHash +
			"\r\nhello\r\n0;chunk-signature=" + helloHash + "\r\n\r\n", "SignatureDoesNotMatch"},
		{"a form that there is not", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "x", "NotImplemented"},
		{"no form", "x", "x", "InvalidArgument"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			key := "/data/" + strings.ReplaceAll(tc.name, " ", "-")
			a := s.signed("PUT", key, tc.body, tc.payload, nil)
			if a.code() != tc.code || (a.StatusCode == 200) != (tc.code == "") {
				t.Fatalf("%s %s", a.Status, a.body)
			}
			got := s.signed("GET", key, "", "UNSIGNED-PAYLOAD", nil)
			if tc.code == "" && got.body != "hello" || tc.code != "" && got.code() != "NoSuchKey" {
				t.Errorf("stored: %s %s", got.Status, got.body)
			}
		})
	}
}
