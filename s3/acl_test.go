package s3_test

import (
	"strings"
	"testing"
)

func TestACLs(t *testing.T) {
	s := newServer(t)
	version := s.put("/data/k", "x")
	for _, path := range []string{"/data?acl", "/data/k?acl", "/data/k?acl&versionId=" + version} {
		a := s.want(200, "", "GET", path, "")
		if !strings.Contains(a.body, "<Permission>FULL_CONTROL</Permission>") {
			t.Errorf("%s: %s", path, a.body)
		}
		s.want(200, "", "PUT", path, a.body)
		for _, canned := range []string{"private", "bucket-owner-full-control"} {
			s.want(200, "", "PUT", path, "", "x-amz-acl", canned)
		}
		s.want(400, "AccessControlListNotSupported", "PUT", path, "", "x-amz-acl", "public-read")
		s.want(400, "AccessControlListNotSupported", "PUT", path, "", "x-amz-grant-read", `uri="x"`)
		s.want(400, "AccessControlListNotSupported", "PUT", path, strings.Replace(a.body, "FULL_CONTROL", "READ", 1))
		s.want(400, "AccessControlListNotSupported", "PUT", path, strings.ReplaceAll(a.body, "00000000", "11111111"))
		s.want(400, "AccessControlListNotSupported", "PUT", path, "<AccessControlPolicy/>")
		s.want(400, "MissingSecurityHeader", "PUT", path, "")
		s.want(400, "MalformedXML", "PUT", path, "<Tagging/>")
	}
	s.want(404, "NoSuchKey", "PUT", "/data/missing?acl", "", "x-amz-acl", "private")
	s.want(404, "NoSuchBucket", "PUT", "/missing?acl", "", "x-amz-acl", "private")
	s.want(400, "AccessControlListNotSupported", "PUT", "/data/l", "x", "x-amz-acl", "public-read")
	s.want(400, "AccessControlListNotSupported", "POST", "/data/l?uploads", "", "x-amz-acl", "public-read-write")
	s.put("/data/l", "x", "x-amz-acl", "bucket-owner-full-control")
	s.want(400, "AccessControlListNotSupported", "PUT", "/more", "", "x-amz-acl", "public-read")
	s.want(200, "", "PUT", "/more", "", "x-amz-acl", "private")
	if got := s.get("/data/k"); got != "x" {
		t.Errorf("the object is %q", got)
	}
}

func TestExpectedBucketOwner(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x", "x-amz-expected-bucket-owner", "000000000000")
	s.put("/data/k", "x", "x-amz-expected-bucket-owner", strings.Repeat("0", 64))
	for _, header := range []string{"x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"} {
		s.want(403, "AccessDenied", "PUT", "/data/other", "x", header, "111122223333")
		s.want(403, "AccessDenied", "GET", "/data/k", "", header, "111122223333")
	}
	s.want(404, "NoSuchKey", "GET", "/data/other", "")
}
