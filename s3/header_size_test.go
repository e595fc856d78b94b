package s3_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
)

// Headers are bounded as S3 bounds them; the metadata in a presigned URL does not count among them, but as metadata.
func TestHeadersAreBounded(t *testing.T) {
	s := newSignedServer(t)
	s.want(403, "AccessDenied", "GET", "/data/k", "", "x-a", strings.Repeat("a", 7<<10))
	for name, headers := range map[string][]string{
		"one":  {"x-a", strings.Repeat("a", 8<<10)},
		"many": manyHeaders(300),
	} {
		if a := s.do("GET", "/data/k", "", headers...); a.StatusCode != 400 || a.code() != "RequestHeaderSectionTooLarge" {
			t.Errorf("%s: %s %s", name, a.Status, a.body)
		}
	}
	client := s.minio(accessKey, secretKey)
	for size, status := range map[int]int{2000: 200, 2100: 400} {
		u, err := client.PresignHeader(t.Context(), "PUT", "data", "k", time.Minute,
			map[string][]string{"x-amz-meta-a": {strings.Repeat("a", size)}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := s.do("PUT", u.RequestURI(), "x"); a.StatusCode != status || status == 400 && a.code() != "MetadataTooLarge" {
			t.Errorf("metadata of %d bytes in the URL: %s %s", size, a.Status, a.body)
		}
	}
}

// manyHeaders are n headers of 30 bytes, whose names differ.
func manyHeaders(n int) []string {
	var headers []string
	for i := range n {
		headers = append(headers, "x-h"+strings.Repeat("b", i%20)+string(rune('a'+i/20)), strings.Repeat("a", 30))
	}
	return headers
}

// More metadata than a PUT could send, which a mount has attached, is left out of answers, and counted.
func TestLargeMetadataIsCounted(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "hello", "x-amz-meta-a", "1")
	large := strings.Repeat("x", 5000)
	meta := &pfs.Meta{User: map[string]string{"a": "1", "b": large, "c": large, "d": "2"}}
	_, err := s.store.Update(t.Context(), pfs.BranchRef("data", "master"), pfs.By{}, func(tx *pfs.Tx) error {
		return tx.Edit("k", func(e *pfs.Entry) error {
			e.Meta = meta
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		h := s.want(200, "", method, "/data/k", "").Header
		if h.Get("X-Amz-Missing-Meta") != "1" || h.Get("X-Amz-Meta-B") != large || h.Get("X-Amz-Meta-D") != "2" {
			t.Errorf("%s: missing %s", method, h.Get("X-Amz-Missing-Meta"))
		}
	}
}
