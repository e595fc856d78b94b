package s3_test

import (
	"encoding/hex"
	"testing"

	"lukechampine.com/blake3"
)

func etagOf(body string) string {
	sum := blake3.Sum256([]byte(body))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func TestPutGetHeadDelete(t *testing.T) {
	s := newServer(t)
	a := s.want(200, "", "PUT", "/master.data/dir/a.txt", "hello", "Content-Type", "text/plain", "x-amz-meta-Color", "blue",
		"Cache-Control", "no-store", "Content-Encoding", "gzip", "x-amz-tagging", "k=v&k2=v%202")
	if a.Header.Get("Etag") != etagOf("hello") || len(a.Header.Get("X-Amz-Version-Id")) != 32 {
		t.Errorf("PUT answered %v", a.Header)
	}
	version := a.Header.Get("X-Amz-Version-Id")
	for _, method := range []string{"GET", "HEAD"} {
		a := s.want(200, "", method, "/data/dir/a.txt", "", "Accept-Encoding", "identity")
		want := map[string]string{
			"Etag": etagOf("hello"), "Content-Type": "text/plain", "X-Amz-Meta-Color": "blue", "Content-Length": "5",
			"Cache-Control": "no-store", "Content-Encoding": "gzip", "X-Amz-Version-Id": version, "Accept-Ranges": "bytes",
			"X-Amz-Tagging-Count": "2", "X-Amz-Meta-Mtime": "",
		}
		for name, value := range want {
			if got := a.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", method, name, got, value)
			}
		}
		if want := map[string]string{"GET": "hello"}[method]; a.body != want {
			t.Errorf("%s: body %q", method, a.body)
		}
	}
	a = s.want(204, "", "DELETE", "/master.data/dir/a.txt", "")
	if a.Header.Get("X-Amz-Delete-Marker") != "true" || a.Header.Get("X-Amz-Version-Id") == "" {
		t.Errorf("DELETE answered %v", a.Header)
	}
	a = s.want(204, "", "DELETE", "/master.data/dir/a.txt", "")
	if a.Header.Get("X-Amz-Delete-Marker") != "" || a.Header.Get("X-Amz-Version-Id") != "" {
		t.Errorf("a DELETE of nothing answered %v", a.Header)
	}
	s.want(404, "NoSuchKey", "GET", "/master.data/dir/a.txt", "")
	s.want(404, "NoSuchKey", "GET", "/master.data/dir/", "")
	s.want(404, "NoSuchKey", "HEAD", "/master.data/dir/a.txt", "")
	if got := s.get("/master.data/dir/a.txt?versionId=" + version); got != "hello" {
		t.Errorf("old version %q", got)
	}
	if got := s.get("/" + version + ".data/dir/a.txt"); got != "hello" {
		t.Errorf("old version by bucket %q", got)
	}
}

func TestVersions(t *testing.T) {
	s := newServer(t)
	first := s.put("/data/k", "1")
	second := s.put("/data/k", "2")
	third := s.put("/data/k", "3")
	for path, want := range map[string]string{
		"/data/k": "3", "/data/k?versionId=HEAD": "3", "/data/k?versionId=HEAD^": "2", "/data/k?versionId=HEAD%5E2": "1",
		"/data/k?versionId=HEAD~1": "2", "/data/k?versionId=" + first: "1", "/data/k?versionId=" + second + "^": "1",
		"/" + first + ".data/k": "1", "/" + second + ".master.data/k": "2", "/" + first + ".data/k?versionId=" + third: "3",
	} {
		if got := s.get(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	unknown := "0123456789abcdef0123456789abcdef"
	s.want(404, "NoSuchVersion", "GET", "/data/k?versionId="+unknown, "")
	s.want(404, "NoSuchVersion", "GET", "/data/k?versionId=null", "")
	s.want(404, "NoSuchVersion", "GET", "/data/k?versionId=HEAD~99", "")
	s.want(404, "NoSuchKey", "GET", "/data/k?versionId=HEAD~3", "")
	s.want(400, "InvalidArgument", "GET", "/data/k?versionId=", "")
	s.want(404, "NoSuchBucket", "GET", "/"+unknown+".data/k", "")
	s.want(405, "MethodNotAllowed", "PUT", "/"+first+".data/k", "x")
	s.want(405, "MethodNotAllowed", "DELETE", "/"+first+".data/k", "")
	s.want(501, "NotImplemented", "DELETE", "/data/k?versionId="+first, "")
	s.want(501, "NotImplemented", "PUT", "/data/k?versionId="+first, "x")
}

func TestKeys(t *testing.T) {
	s := newServer(t)
	s.put("/data/file", "x")
	s.put("/data/dir/file", "x")
	s.put("/data/empty/", "")
	long := make([]byte, 256)
	for i := range long {
		long[i] = 'a'
	}
	for _, key := range []string{"a//b", "/a", "a/./b", "a/../b", ".", "..", "a%00b", "a%ffb", "/", "a/%2e%2e/b", "a//"} {
		s.want(400, "InvalidArgument", "PUT", "/data/"+key, "x")
		s.want(404, "NoSuchKey", "GET", "/data/"+key, "")
		s.want(204, "", "DELETE", "/data/"+key, "")
	}
	s.want(400, "KeyTooLongError", "PUT", "/data/"+string(long), "x")
	s.want(200, "", "PUT", "/data/"+string(long[1:]), "x")
	deep := string(long[:200]) + "/" + string(long[:200]) + "/" + string(long[:200]) + "/" + string(long[:200]) + "/" +
		string(long[:200]) + "/" + string(long[:200])
	s.want(400, "KeyTooLongError", "PUT", "/data/"+deep, "x")
	s.want(409, "ExistingObjectIsDirectory", "PUT", "/data/dir", "x")
	s.want(409, "ObjectParentIsFile", "PUT", "/data/file/below", "x")
	s.want(409, "ObjectParentIsFile", "PUT", "/data/file/", "")
	s.want(400, "InvalidArgument", "PUT", "/data/other/", "body")
	s.want(404, "NoSuchKey", "GET", "/data/dir", "")
	s.want(404, "NoSuchKey", "GET", "/data/file/below", "")
	s.want(404, "NoSuchKey", "GET", "/data/file/", "")
	s.want(204, "", "DELETE", "/data/dir", "")
	s.want(204, "", "DELETE", "/data/dir/", "")
	if got := s.get("/data/dir/file"); got != "x" {
		t.Error("DELETE of a directory removed what was in it")
	}
	a := s.want(200, "", "GET", "/data/empty/", "")
	if a.body != "" || a.Header.Get("Content-Type") != "application/x-directory" || a.Header.Get("Etag") != etagOf("") {
		t.Errorf("GET of a directory: %q %v", a.body, a.Header)
	}
	s.want(204, "", "DELETE", "/data/empty/", "")
	s.want(404, "NoSuchKey", "GET", "/data/empty/", "")
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		s.want(404, "NoSuchBucket", method, "/master.nothing/k", "")
		s.want(404, "NoSuchBucket", method, "/other.data/k", "")
		s.want(400, "InvalidBucketName", method, "/a.b.c.d/k", "")
		s.want(400, "InvalidBucketName", method, "/-bad/k", "")
		s.want(400, "InvalidBucketName", method, "/data%5E/k", "")
		s.want(400, "InvalidBucketName", method, "/data@master/k", "")
	}
}

func TestUnicodeKeys(t *testing.T) {
	s := newServer(t)
	for _, key := range []string{"%C3%A4%E2%82%AC/%F0%9F%98%80", "a%20b+c%2Bd", "%01%0A%0D", "%25%3F%23&=;'%22"} {
		s.put("/data/"+key, key)
		if got := s.get("/data/" + key); got != key {
			t.Errorf("%s: %q", key, got)
		}
	}
}

func TestRanges(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "0123456789")
	s.put("/data/empty", "")
	for _, tc := range []struct {
		header, body, contentRange string
		status                     int
	}{
		{"bytes=0-3", "0123", "bytes 0-3/10", 206},
		{"bytes=4-", "456789", "bytes 4-9/10", 206},
		{"bytes=-3", "789", "bytes 7-9/10", 206},
		{"bytes=-30", "0123456789", "bytes 0-9/10", 206},
		{"bytes=9-100", "9", "bytes 9-9/10", 206},
		{"bytes=0-99999999999999999999999", "0123456789", "bytes 0-9/10", 206},
		{"bytes=5-2", "0123456789", "", 200},
		{"bytes=0-1,3-4", "0123456789", "", 200},
		{"bytes= -1", "0123456789", "", 200},
		{"bytes=x-2", "0123456789", "", 200},
		{"items=0-1", "0123456789", "", 200},
		{"bytes=10-", "", "bytes */10", 416},
		{"bytes=-0", "", "bytes */10", 416},
	} {
		a := s.do("GET", "/data/k", "", "Range", tc.header)
		if a.StatusCode != tc.status || a.Header.Get("Content-Range") != tc.contentRange || tc.status < 300 && a.body != tc.body {
			t.Errorf("%s: %d %q %q", tc.header, a.StatusCode, a.Header.Get("Content-Range"), a.body)
		}
		if tc.status == 416 && a.code() != "InvalidRange" {
			t.Errorf("%s: code %s", tc.header, a.code())
		}
	}
	s.want(416, "InvalidRange", "GET", "/data/empty", "", "Range", "bytes=0-")
	s.want(200, "", "GET", "/data/empty", "", "Range", "bytes=-5")
	s.want(416, "InvalidRange", "GET", "/data/empty", "", "Range", "bytes=-0")
	a := s.want(206, "", "HEAD", "/data/k", "", "Range", "bytes=2-3")
	if a.ContentLength != 2 {
		t.Errorf("HEAD of a range: length %d", a.ContentLength)
	}
	s.want(206, "", "GET", "/data/k", "", "Range", "bytes=0-1", "If-Range", etagOf("0123456789"))
	s.want(200, "", "GET", "/data/k", "", "Range", "bytes=0-1", "If-Range", etagOf("x"))
	s.want(200, "", "GET", "/data/k", "", "Range", "bytes=0-1", "If-Range", "W/"+etagOf("0123456789"))
	s.want(206, "", "GET", "/data/k?partNumber=1", "")
	s.want(416, "InvalidPartNumber", "GET", "/data/k?partNumber=2", "")
	s.want(400, "InvalidArgument", "GET", "/data/k?partNumber=0", "")
	s.want(400, "InvalidArgument", "GET", "/data/nothing?partNumber=0", "")
}

func TestReadConditions(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "body")
	etag := etagOf("body")
	bare := etag[1 : len(etag)-1]
	date := s.want(200, "", "HEAD", "/data/k", "").Header.Get("Last-Modified")
	const early, late = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
	for _, tc := range []struct {
		name    string
		status  int
		headers []string
	}{
		{"match", 200, []string{"If-Match", etag}},
		{"match, unquoted", 200, []string{"If-Match", bare}},
		{"match, with a dash", 200, []string{"If-Match", `"` + bare + `-1"`}},
		{"match, any", 200, []string{"If-Match", "*"}},
		{"match, in a list", 200, []string{"If-Match", `"x", ` + etag}},
		{"match, in two lines", 200, []string{"If-Match", `"x"`, "If-Match", etag}},
		{"match, weak", 412, []string{"If-Match", "W/" + etag}},
		{"match, other", 412, []string{"If-Match", etagOf("other")}},
		{"none match", 304, []string{"If-None-Match", etag}},
		{"none match, weak", 304, []string{"If-None-Match", "W/" + etag}},
		{"none match, in two lines", 304, []string{"If-None-Match", `"x"`, "If-None-Match", etag}},
		{"none match, any", 304, []string{"If-None-Match", "*"}},
		{"none match, other", 200, []string{"If-None-Match", etagOf("other")}},
		{"modified since, not", 304, []string{"If-Modified-Since", date}},
		{"modified since", 200, []string{"If-Modified-Since", early}},
		{"unmodified since", 200, []string{"If-Unmodified-Since", date}},
		{"unmodified since, not", 412, []string{"If-Unmodified-Since", early}},
		{"match goes before unmodified", 200, []string{"If-Match", etag, "If-Unmodified-Since", early}},
		{"none match goes before modified", 200, []string{"If-None-Match", etagOf("x"), "If-Modified-Since", late}},
		{"none match and match", 304, []string{"If-Match", etag, "If-None-Match", etag}},
		{"a date that is none", 200, []string{"If-Modified-Since", "yesterday"}},
	} {
		a := s.do("GET", "/data/k", "", tc.headers...)
		if a.StatusCode != tc.status {
			t.Errorf("%s: %d, want %d", tc.name, a.StatusCode, tc.status)
		}
		if tc.status == 304 && (a.Header.Get("Etag") != etag || a.body != "") {
			t.Errorf("%s: %v %q", tc.name, a.Header, a.body)
		}
	}
}

func TestWriteConditions(t *testing.T) {
	s := newServer(t)
	s.want(404, "NoSuchKey", "PUT", "/data/k", "1", "If-Match", "*")
	s.want(200, "", "PUT", "/data/k", "1", "If-None-Match", "*")
	s.want(412, "PreconditionFailed", "PUT", "/data/k", "2", "If-None-Match", "*")
	s.want(412, "PreconditionFailed", "PUT", "/data/k", "2", "If-Match", etagOf("2"))
	s.want(412, "PreconditionFailed", "PUT", "/data/k", "2", "If-Match", "W/"+etagOf("1"))
	s.want(412, "PreconditionFailed", "PUT", "/data/k", "2", "If-None-Match", `"x"`, "If-None-Match", etagOf("1"))
	s.want(200, "", "PUT", "/data/k", "2", "If-Match", `"x"`, "If-Match", etagOf("1"))
	s.want(412, "PreconditionFailed", "DELETE", "/data/k", "", "If-Match", etagOf("1"))
	s.want(412, "PreconditionFailed", "DELETE", "/data/k", "", "x-amz-if-match-size", "2")
	if got := s.get("/data/k"); got != "2" {
		t.Errorf("got %q", got)
	}
	s.want(204, "", "DELETE", "/data/k", "", "If-Match", etagOf("2"), "x-amz-if-match-size", "1")
}

func TestResponseOverrides(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x", "Content-Type", "text/plain")
	a := s.want(200, "", "GET", "/data/k?response-content-type=image/png&response-content-disposition=attachment&"+
		"response-cache-control=no-cache&response-expires=0&response-content-language=de&response-content-encoding=x", "")
	for name, want := range map[string]string{"Content-Type": "image/png", "Content-Disposition": "attachment",
		"Cache-Control": "no-cache", "Expires": "0", "Content-Language": "de", "Content-Encoding": "x"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
