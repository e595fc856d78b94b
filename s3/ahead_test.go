package s3_test

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pfsd/s3/checksum"
)

// TestLargeBody finds that what is said of the digests and the end of a body holds for one that is read ahead, too.
func TestLargeBody(t *testing.T) {
	s := newServer(t)
	body := strings.Repeat("0123456789abcde\n", 3<<16) + "end"
	right, wrong := md5.Sum([]byte(body)), md5.Sum([]byte(body[1:]))
	upload := s.create("/data/parts")
	for _, path := range []string{"/data/k", "/data/parts?partNumber=1&uploadId=" + upload} {
		s.want(200, "", "PUT", path, body, "Content-MD5", base64.StdEncoding.EncodeToString(right[:]))
		s.want(400, "BadDigest", "PUT", path, body[1:]+"x", "Content-MD5", base64.StdEncoding.EncodeToString(wrong[:]))
		s.want(400, "BadDigest", "PUT", path, trailing(body[1:], "x-amz-checksum-crc32c", sumOf(checksum.CRC32C, body)),
			"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-trailer", "x-amz-checksum-crc32c",
			"x-amz-decoded-content-length", strconv.Itoa(len(body)-1))
		for _, sent := range []string{"", body[:1<<20], body[:len(body)-1]} {
			answer := s.raw(fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", path, len(body), sent))
			if !strings.HasPrefix(answer, "HTTP/1.1 400") || !strings.Contains(answer, "<Code>IncompleteBody</Code>") {
				t.Errorf("%s after %d bytes: %s", path, len(sent), answer)
			}
		}
	}
	if got := s.get("/data/k"); got != body {
		t.Errorf("the object has %d bytes, want %d", len(got), len(body))
	}
	if got := s.want(200, "", "GET", "/data/parts?uploadId="+upload, "").body; !strings.Contains(got, fmt.Sprintf("<Size>%d</Size>", len(body))) {
		t.Errorf("the part is not as it was put: %s", got)
	}
}
