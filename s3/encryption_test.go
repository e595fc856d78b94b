package s3_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pfsd/s3"
)

// Encryption at rest is taken, and told, where the disk is encrypted, and refused elsewhere.
func TestEncryptionOfTheDisk(t *testing.T) {
	const header = "x-amz-server-side-encryption"
	s := newServer(t, func(c *s3.Config) { c.DiskEncrypted = true })
	told := func(a answer, want string) {
		t.Helper()
		if got := a.Header.Get(header); got != want {
			t.Errorf("%s %s: %q, want %q", a.Request.Method, a.Request.URL, got, want)
		}
	}
	told(s.want(200, "", "PUT", "/data/k", "x", header, "AES256"), "AES256")
	told(s.want(200, "", "PUT", "/data/k", "x"), "AES256")
	told(s.want(200, "", "GET", "/data/k", ""), "AES256")
	told(s.want(200, "", "PUT", "/data/copy", "", "x-amz-copy-source", "data/k", header, "AES256"), "AES256")
	told(s.want(200, "", "POST", "/data/parts?uploads", "", header, "AES256"), "AES256")
	told(s.want(404, "NoSuchKey", "GET", "/data/none", ""), "")
	told(s.want(204, "", "DELETE", "/data/copy", ""), "")
	if got := s.get("/data?encryption"); !strings.Contains(got, "<SSEAlgorithm>AES256</SSEAlgorithm>") {
		t.Error(got)
	}
	s.want(501, "NotImplemented", "PUT", "/data/k", "x", header, "aws:kms")
	s.want(501, "NotImplemented", "PUT", "/data/k", "x", "x-amz-server-side-encryption-customer-algorithm", "AES256")
	plain := newServer(t)
	plain.want(501, "NotImplemented", "PUT", "/data/k", "x", header, "AES256")
	plain.want(501, "NotImplemented", "POST", "/data/k?uploads", "", header, "AES256")
	plain.want(404, "ServerSideEncryptionConfigurationNotFoundError", "GET", "/data?encryption", "")
}

// Where a website would send on is kept with the object, and not copied.
func TestWebsiteRedirectIsKept(t *testing.T) {
	const header = "x-amz-website-redirect-location"
	s := newServer(t)
	s.put("/data/k", "x", header, "/other")
	s.put("/data/copy", "", "x-amz-copy-source", "data/k")
	s.put("/data/sent", "", "x-amz-copy-source", "data/k", header, "https://example.org/")
	s.put("/data/k", "", "x-amz-copy-source", "data/k", header, "/elsewhere")
	for key, want := range map[string]string{"k": "/elsewhere", "copy": "", "sent": "https://example.org/"} {
		if got := s.want(200, "", "GET", "/data/"+key, "").Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	s.want(400, "InvalidRedirectLocation", "PUT", "/data/k", "x", header, "other")
}

// What was changed while the clock was ahead was not modified later than now, and a change behind it is seen.
func TestClockThatWasAhead(t *testing.T) {
	for _, by := range []s3.LastModified{s3.LastModifiedBranch, s3.LastModifiedObject} {
		s := newServer(t, func(c *s3.Config) { c.LastModified = by })
		now := s.clock.Now()
		s.clock.Add(time.Hour)
		s.put("/data/k", "1")
		s.clock.Add(-time.Hour)
		seen := s.want(200, "", "GET", "/data/k", "").Header.Get("Last-Modified")
		if modified, err := http.ParseTime(seen); err != nil || modified.After(now) {
			t.Errorf("modified %s, later than %s", seen, now)
		}
		s.clock.Add(time.Minute)
		s.put("/data/k", "2")
		if got := s.get("/data/k", "If-Modified-Since", seen); got != "2" {
			t.Errorf("got %q", got)
		}
	}
}
