package s3_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"pfsd/s3/checksum"
)

// framed is "hello" in the frames of aws-chunked.
func framed() string {
	return trailing("hello", "x-amz-checksum-crc32", sumOf(checksum.CRC32, "hello"))
}

// speaking are the headers that speak of frames.
func speaking() [][]string {
	return [][]string{
		{"Content-Encoding", "aws-chunked"},
		{"Content-Encoding", "gzip, AWS-Chunked"},
		{"Content-Encoding", "gzip", "Content-Encoding", "aws-chunked"},
		{"x-amz-decoded-content-length", "5"},
		{"Content-Encoding", "aws-chunked", "x-amz-decoded-content-length", "5"},
	}
}

// A body whose headers speak of frames, but whose payload hash does not have them decoded, is refused: the frames never
// become the object.
func TestFramesAreNoObject(t *testing.T) {
	s := newServer(t)
	id := s.create("/data/parts")
	sum := sha256.Sum256([]byte(framed()))
	for _, headers := range append(speaking(), []string{"x-amz-decoded-content-length", ""}) {
		for _, hash := range []string{"", "UNSIGNED-PAYLOAD", hex.EncodeToString(sum[:])} {
			sent := headers
			if hash != "" {
				sent = append([]string{"x-amz-content-sha256", hash}, headers...)
			}
			s.want(400, "InvalidArgument", "PUT", "/data/bad", framed(), sent...)
			s.want(400, "InvalidArgument", "PUT", "/data/parts?partNumber=1&uploadId="+id, framed(), sent...)
			s.want(400, "InvalidArgument", "POST", "/data?delete", framed(), sent...)
		}
	}
	for _, field := range []string{"content-encoding", "x-amz-decoded-content-length"} {
		if a := s.post("/data", map[string]string{"key": "bad", field: "aws-chunked"}, "x", framed()); a.code() != "InvalidArgument" {
			t.Errorf("a form with %s: %s", field, a.body)
		}
	}
	if got := s.list("").keys(); len(got) != 0 {
		t.Errorf("stored: %s", got)
	}
}

// Headers that speak of frames are no reason to refuse a body that is decoded, or one that is empty.
func TestFramesThatAreDecoded(t *testing.T) {
	s := newServer(t)
	for i, headers := range append(speaking(), nil) {
		key := fmt.Sprintf("/data/k%d", i)
		streaming := []string{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-trailer", "x-amz-checksum-crc32"}
		if !slices.Contains(headers, "x-amz-decoded-content-length") {
			streaming = append(streaming, "x-amz-decoded-content-length", "5")
		}
		s.put(key, framed(), append(streaming, headers...)...)
		got := s.want(200, "", "GET", key, "", "Accept-Encoding", "identity")
		if got.body != "hello" || strings.Contains(strings.ToLower(got.Header.Get("Content-Encoding")), "chunked") {
			t.Errorf("%v: %q, %v", headers, got.body, got.Header)
		}
		s.put("/data/empty", "", append([]string{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}, headers...)...)
	}
}

// Signatures in a URL, and those of version 2, say of no body that it is framed.
func TestFramesBySignature(t *testing.T) {
	s := newSignedServer(t)
	u, err := s.minio(accessKey, secretKey).PresignedPutObject(t.Context(), "data", "bad", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, headers := range speaking()[:2] {
		s.want(400, "InvalidArgument", "PUT", u.RequestURI(), framed(), headers...)
	}
	r, err := http.NewRequest("PUT", s.URL+"/data/bad", bytes.NewReader([]byte(framed())))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Encoding", "aws-chunked")
	r.Header.Set("X-Amz-Decoded-Content-Length", "5")
	response, err := s.Client().Do(signer.SignV2(*r, accessKey, secretKey, false))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 400 {
		t.Errorf("version 2: %s", response.Status)
	}
}
