package s3_test

import (
	"testing"

	"pfsd/s3/checksum"
)

// A header in two lines counts as one with commas, as it is signed: no line of it is passed over.
func TestHeadersInTwoLines(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x")
	s.put("/data/l", "y")
	for _, headers := range [][]string{
		{"x-amz-acl", "private", "x-amz-acl", "public-read"}, {"x-amz-storage-class", "STANDARD", "x-amz-storage-class", "x"},
		{"x-amz-tagging", "a=1", "x-amz-tagging", "a=2&a=3"}, {"x-amz-checksum-crc32", sumOf(checksum.CRC32, "z"),
			"x-amz-checksum-crc32", sumOf(checksum.CRC32, "y")}, {"Content-MD5", "a", "Content-MD5", "b"},
	} {
		if a := s.do("PUT", "/data/twice", "z", headers...); a.StatusCode != 400 {
			t.Errorf("%q: %s", headers, a.Status)
		}
	}
	s.want(404, "NoSuchKey", "PUT", "/data/twice", "", "x-amz-copy-source", "data/k", "x-amz-copy-source", "data/l")
	s.put("/data/twice", "z", "x-amz-meta-a", "1", "x-amz-meta-a", "2", "Cache-Control", "no-cache", "Cache-Control", "private")
	h := s.want(200, "", "GET", "/data/twice", "", "Range", "bytes=0-0", "Range", "bytes=0-0").Header
	if h.Get("x-amz-meta-a") != "1,2" || h.Get("Cache-Control") != "no-cache,private" {
		t.Errorf("got %v", h)
	}
}
