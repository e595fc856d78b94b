package s3_test

import (
	"crypto/md5"
	"encoding/base64"
	"strings"
	"testing"

	"pfsd/s3/checksum"
)

func md5Of(body string) string {
	sum := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Whatever has a body can be sent with its digest or a checksum; a wrong one has it refused, and nothing changes.
func TestDigestsOfEveryBody(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x")
	id := s.create("/data/parts")
	etag := s.part("/data/parts", id, 1, "hello")
	const tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
	for _, tc := range []struct{ method, path, body string }{
		{"PUT", "/data/put", "hello"},
		{"PUT", "/data/dir/", ""},
		{"PUT", "/data/parts?partNumber=1&uploadId=" + id, "hello"},
		{"PUT", "/data/k?tagging", tags},
		{"PUT", "/data/k?acl", s.get("/data/k?acl")},
		{"PUT", "/data?acl", s.get("/data?acl")},
		{"PUT", "/data?cors", corsExample},
		{"PUT", "/data?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"},
		{"PUT", "/fresh", "<CreateBucketConfiguration/>"},
		{"POST", "/data?delete", "<Delete><Object><Key>none</Key></Object></Delete>"},
		{"POST", "/data/parts?uploadId=" + id, completion(etag)},
	} {
		s.want(400, "BadDigest", tc.method, tc.path, tc.body, "Content-MD5", md5Of("other"))
		s.want(400, "InvalidDigest", tc.method, tc.path, tc.body, "Content-MD5", "x")
		// In a Complete the checksum is that of the object.
		if !strings.Contains(tc.body, "<CompleteMultipartUpload>") {
			s.want(400, "BadDigest", tc.method, tc.path, tc.body, "x-amz-checksum-sha1", sumOf(checksum.SHA1, "other"))
			s.want(400, "InvalidRequest", tc.method, tc.path, tc.body, "x-amz-checksum-sha1", "x")
		}
		s.want(200, "", tc.method, tc.path, tc.body, "Content-MD5", md5Of(tc.body))
	}
}
