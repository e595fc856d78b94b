package s3_test

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"
)

// elements returns the elements of an error by their names.
func (a answer) elements(t *testing.T) map[string]string {
	t.Helper()
	var document struct {
		Element []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal([]byte(a.body), &document); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	all := map[string]string{}
	for _, e := range document.Element {
		if _, twice := all[e.XMLName.Local]; twice {
			t.Errorf("%s is there twice: %s", e.XMLName.Local, a.body)
		}
		all[e.XMLName.Local] = e.Text
	}
	return all
}

// Errors say in elements of their own what they are about, as those of S3 do; SDKs and tools show them, and compare messages.
func TestDetailsOfErrors(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "hello")
	upload := s.create("/data/u")
	small, unknown := s.part("/data/u", upload, 1, "small"), strings.Repeat("1", 32)
	list := completion(small, small)
	for _, tc := range []struct {
		method, path, body string
		headers            []string
		code               string
		want               []string
	}{
		{"GET", "/data?max-keys=x", "", nil, "InvalidArgument", []string{"ArgumentName", "max-keys", "ArgumentValue", "x"}},
		{"GET", "/data?max-keys=-1", "", nil, "InvalidArgument", []string{"Message",
			"Argument max-keys must be an integer between 0 and 2147483647", "ArgumentValue", "-1"}},
		{"GET", "/?max-buckets=0", "", nil, "InvalidArgument", []string{"ArgumentName", "max-buckets", "ArgumentValue", "0"}},
		{"GET", "/data/k?versionId=" + unknown, "", nil, "NoSuchVersion", []string{"Key", "k", "VersionId", unknown}},
		{"GET", "/data/k?partNumber=7", "", nil, "InvalidPartNumber", []string{"ActualPartCount", "1", "PartNumberRequested", "7"}},
		{"GET", "/data/k", "", []string{"Range", "bytes=9-"}, "InvalidRange", []string{"RangeRequested", "bytes=9-", "ActualObjectSize", "5"}},
		{"GET", "/data/u?uploadId=" + unknown, "", nil, "NoSuchUpload", []string{"UploadId", unknown}},
		{"POST", "/data/u?uploadId=" + upload, list, nil, "InvalidPart", []string{"UploadId", upload, "PartNumber", "2",
			"ETag", strings.Trim(small, `"`)}},
		{"PUT", "/data/k", "x", []string{"x-amz-meta-a", strings.Repeat("a", 3000)}, "MetadataTooLarge",
			[]string{"Size", "3001", "MaxSizeAllowed", "2048"}},
		{"PUT", "/data/" + strings.Repeat("a/", 600) + "a", "x", nil, "KeyTooLongError", []string{"Size", "1201", "MaxSizeAllowed", "1024",
			"Message", "Your key is too long"}},
		{"PUT", "/data/k", "x", []string{"x-amz-tagging", "%7B=1"}, "InvalidTag", []string{"TagKey", "{"}},
		{"PUT", "/data/k", "x", []string{"x-amz-acl", "mine"}, "InvalidArgument", []string{"ArgumentName", "x-amz-acl"}},
		{"PUT", "/data/k", "x", []string{"If-Match", `"y"`}, "PreconditionFailed", []string{"Condition", "If-Match"}},
		{"PUT", "/data/k", "x", []string{"If-None-Match", `*`}, "PreconditionFailed", []string{"Condition", "If-None-Match"}},
		{"GET", "/data/k", "", []string{"If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"}, "PreconditionFailed",
			[]string{"Condition", "If-Unmodified-Since"}},
		{"PUT", "/data/copy", "", []string{"x-amz-copy-source", "data/k", "x-amz-copy-source-if-none-match", "*"}, "PreconditionFailed",
			[]string{"Condition", "x-amz-copy-source-If-None-Match"}},
		{"PUT", "/data/k", "x", []string{"Content-MD5", "x"}, "InvalidDigest", []string{"Content-MD5", "x"}},
		{"PUT", "/data/k", "x", []string{"x-amz-content-sha256", strings.Repeat("0", 64)}, "XAmzContentSHA256Mismatch",
			[]string{"ClientComputedContentSHA256", strings.Repeat("0", 64)}},
		{"PUT", "/data/k", "x", []string{"x-amz-object-lock-mode", "x"}, "NotImplemented", []string{"Header", "x-amz-object-lock-mode",
			"Message", "A header you provided implies functionality that is not implemented"}},
		{"PATCH", "/data/k", "", nil, "MethodNotAllowed", []string{"Method", "PATCH", "Message",
			"The specified method is not allowed against this resource."}},
	} {
		a := s.do(tc.method, tc.path, tc.body, tc.headers...)
		got := a.elements(t)
		if got["Code"] != tc.code {
			t.Errorf("%s %.60s: %s", tc.method, tc.path, a.body)
		}
		for i := 0; i < len(tc.want); i += 2 {
			if got[tc.want[i]] != tc.want[i+1] {
				t.Errorf("%s %.60s: %s is %q, want %q in %s", tc.method, tc.path, tc.want[i], got[tc.want[i]], tc.want[i+1], a.body)
			}
		}
	}
}

func TestDetailsOfRefusedSignatures(t *testing.T) {
	s := newSignedServer(t)
	late := func(r *http.Request) { r.Header.Set("X-Amz-Date", "20130524T000000Z") }
	if got := s.signed("GET", "/data/k", "", "UNSIGNED-PAYLOAD", late).elements(t); got["Code"] != "RequestTimeTooSkewed" ||
		got["RequestTime"] != "20130524T000000Z" || got["ServerTime"] == "" || got["MaxAllowedSkewMilliseconds"] != "900000" {
		t.Errorf("%v", got)
	}
	unsigned := func(r *http.Request) { r.Header.Set("X-Amz-Acl", "private") }
	if got := s.signed("GET", "/data/k", "", "UNSIGNED-PAYLOAD", unsigned).elements(t); got["HeadersNotSigned"] != "x-amz-acl" {
		t.Errorf("%v", got)
	}
	other := func(r *http.Request) {
		r.Header.Set("X-Amz-Date", time.Now().UTC().Add(time.Minute).Format("20060102T150405Z"))
	}
	if got := s.signed("GET", "/data/k", "", "UNSIGNED-PAYLOAD", other).elements(t); got["Code"] != "SignatureDoesNotMatch" ||
		!strings.HasPrefix(got["StringToSignBytes"], "41 57 53 34 ") || !strings.HasPrefix(got["CanonicalRequestBytes"], "47 45 54 0a ") {
		t.Errorf("%v", got)
	}
	a := s.want(403, "InvalidAccessKeyId", "GET", "/data/k", "", "Date", time.Now().UTC().Format(http.TimeFormat),
		"Authorization", "AWS other:x")
	if got := a.elements(t); got["AWSAccessKeyId"] != "other" {
		t.Errorf("%v", got)
	}
}
