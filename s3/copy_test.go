package s3_test

import (
	"strings"
	"testing"

	"pfsd/s3/checksum"
)

func TestCopyObject(t *testing.T) {
	s := newServer(t)
	s.want(200, "", "PUT", "/dev.data", "")
	first := s.put("/data/a b+c", "old", "Content-Type", "text/plain", "x-amz-meta-a", "1", "x-amz-tagging", "t=1",
		"x-amz-meta-mtime", "1700000000.5")
	s.put("/data/a b+c", "new", "x-amz-meta-a", "2")
	type result struct{ ETag, LastModified string }
	a := s.want(200, "", "PUT", "/dev.data/copy", "", "x-amz-copy-source", "/data/a%20b%2Bc?versionId="+first)
	if r := decode[result](t, a); r.ETag != etagOf("old") || r.LastModified == "" ||
		a.Header.Get("X-Amz-Copy-Source-Version-Id") != first {
		t.Errorf("copied %+v %v", r, a.Header)
	}
	got := s.want(200, "", "GET", "/dev.data/copy", "")
	if got.body != "old" || got.Header.Get("Content-Type") != "text/plain" || got.Header.Get("X-Amz-Meta-A") != "1" ||
		got.Header.Get("X-Amz-Tagging-Count") != "1" || got.Header.Get("X-Amz-Meta-Mtime") != "1700000000.5" {
		t.Errorf("the copy: %q %v", got.body, got.Header)
	}
	s.want(200, "", "PUT", "/data/copy", "", "x-amz-copy-source", "data/a%20b%2Bc", "x-amz-metadata-directive", "REPLACE",
		"Content-Type", "image/png", "x-amz-meta-b", "3")
	got = s.want(200, "", "GET", "/data/copy", "")
	if got.body != "new" || got.Header.Get("Content-Type") != "image/png" || got.Header.Get("X-Amz-Meta-A") != "" ||
		got.Header.Get("X-Amz-Meta-B") != "3" {
		t.Errorf("the copy: %q %v", got.body, got.Header)
	}
	s.want(200, "", "PUT", "/data/copy", "", "x-amz-copy-source", "data/copy", "x-amz-metadata-directive", "REPLACE")
	s.want(400, "InvalidRequest", "PUT", "/data/copy", "", "x-amz-copy-source", "data/copy")
	s.want(200, "", "PUT", "/data/k", "", "x-amz-copy-source", "data/copy", "x-amz-checksum-algorithm", "CRC32")
	if h := s.want(200, "", "HEAD", "/data/k", "", "x-amz-checksum-mode", "ENABLED").Header; h.Get("X-Amz-Checksum-Crc32") == "" {
		t.Errorf("no checksum: %v", h)
	}
	id := s.create("/data/parts")
	etag := s.part("/data/parts", id, 1, "part")
	s.want(200, "", "POST", "/data/parts?uploadId="+id, completion(etag))
	s.want(200, "", "PUT", "/data/whole", "", "x-amz-copy-source", "data/parts")
	if h := s.want(206, "", "GET", "/data/whole?partNumber=1", "").Header; h.Get("X-Amz-Mp-Parts-Count") != "" {
		t.Errorf("the copy of an upload has parts: %v", h)
	}
	id = s.create("/data/composite", "x-amz-checksum-algorithm", "CRC32", "x-amz-checksum-type", "COMPOSITE")
	etag = s.part("/data/composite", id, 1, "part")
	s.want(200, "", "POST", "/data/composite?uploadId="+id, completion(etag))
	for _, a := range []checksum.Algorithm{checksum.SHA256, checksum.CRC32} {
		x := s.want(200, "", "PUT", "/data/whole", "", "x-amz-copy-source", "data/composite", "x-amz-checksum-algorithm", a.String())
		if strings.Count(x.body, "<Checksum") != 2 || !strings.Contains(x.body, ">"+sumOf(a, "part")+"<") ||
			!strings.Contains(x.body, "<ChecksumType>FULL_OBJECT<") {
			t.Errorf("the copy with %v: %s", a, x.body)
		}
	}
	s.put("/data/empty", "")
	s.want(200, "", "PUT", "/data/empty2", "", "x-amz-copy-source", "data/empty")
	if got := s.want(200, "", "GET", "/data/empty2", ""); got.Header.Get("Etag") != etagOf("") {
		t.Errorf("copy of an empty object: %v", got.Header)
	}
}

func TestCopyErrors(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x")
	for _, tc := range []struct {
		status       int
		code, source string
		headers      []string
	}{
		{404, "NoSuchKey", "/data/missing", nil},
		{404, "NoSuchBucket", "/missing/k", nil},
		{404, "NoSuchVersion", "/data/k?versionId=HEAD~9", nil},
		{400, "InvalidArgument", "/data/k?x=y", nil},
		{400, "InvalidArgument", "data", nil},
		{400, "InvalidArgument", "/", nil},
		{400, "InvalidArgument", "/data/%zz", nil},
		{412, "PreconditionFailed", "/data/k", []string{"x-amz-copy-source-if-match", etagOf("y")}},
		{412, "PreconditionFailed", "/data/k", []string{"x-amz-copy-source-if-none-match", etagOf("x")}},
		{412, "PreconditionFailed", "/data/k", []string{"x-amz-copy-source-if-unmodified-since",
			"Mon, 01 Jan 2001 00:00:00 GMT"}},
		{412, "PreconditionFailed", "/data/k", []string{"x-amz-copy-source-if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"}},
		{412, "PreconditionFailed", "/data/k", []string{"If-None-Match", "*"}},
		{400, "InvalidArgument", "/data/k", []string{"x-amz-metadata-directive", "MOVE"}},
		{400, "InvalidRequest", "/data/k", []string{"x-amz-checksum-algorithm", "ADLER"}},
	} {
		s.put("/data/target", "old")
		a := s.do("PUT", "/data/target", "", append(tc.headers, "x-amz-copy-source", tc.source)...)
		if a.StatusCode != tc.status || a.code() != tc.code {
			t.Errorf("%s %q: %d %s", tc.source, tc.headers, a.StatusCode, a.code())
		}
		if got := s.get("/data/target"); got != "old" {
			t.Errorf("%s: the target is %q", tc.source, got)
		}
	}
}

func TestTagging(t *testing.T) {
	s := newServer(t)
	first := s.put("/data/k", "x", "x-amz-tagging", "a=1&b=%C3%A4", "x-amz-meta-m", "1")
	if a := s.want(200, "", "GET", "/data/k?tagging", ""); !strings.Contains(a.body,
		"<Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>ä</Value></Tag>") {
		t.Error(a.body)
	}
	s.want(200, "", "PUT", "/data/k?tagging", "<Tagging><TagSet><Tag><Key>c</Key><Value>3</Value></Tag></TagSet></Tagging>")
	a := s.want(200, "", "GET", "/data/k", "")
	if a.body != "x" || a.Header.Get("X-Amz-Tagging-Count") != "1" || a.Header.Get("X-Amz-Meta-M") != "1" {
		t.Errorf("%q %v", a.body, a.Header)
	}
	if a := s.want(200, "", "GET", "/data/k?tagging&versionId="+first, ""); !strings.Contains(a.body, "<Key>a</Key>") {
		t.Error(a.body)
	}
	second := a.Header.Get("X-Amz-Version-Id")
	const body = "<Tagging><TagSet><Tag><Key>d</Key><Value>4</Value></Tag></TagSet></Tagging>"
	third := s.want(200, "", "PUT", "/data/k?tagging&versionId="+second, body).Header.Get("X-Amz-Version-Id")
	if third == "" || third == second || !strings.Contains(s.get("/data/k?tagging"), "<Key>d</Key>") {
		t.Errorf("the tags of the present version were not changed in another version: %q", third)
	}
	for _, old := range []string{first, second, "HEAD^"} {
		s.want(501, "NotImplemented", "PUT", "/data/k?tagging&versionId="+old, body)
		s.want(501, "NotImplemented", "DELETE", "/data/k?tagging&versionId="+old, "")
	}
	for _, none := range []string{strings.Repeat("1", 32), "null", "x"} {
		s.want(404, "NoSuchVersion", "PUT", "/data/k?tagging&versionId="+none, body)
		s.want(404, "NoSuchVersion", "DELETE", "/data/k?tagging&versionId="+none, "")
	}
	s.want(400, "InvalidArgument", "PUT", "/data/k?tagging&versionId=", body)
	s.want(204, "", "DELETE", "/data/k?tagging&versionId="+third, "")
	s.put("/data/other", "x")
	s.want(200, "", "PUT", "/data/k?tagging&versionId=HEAD", body)
	s.want(204, "", "DELETE", "/data/k?tagging", "")
	if a := s.want(200, "", "GET", "/data/k?tagging", ""); strings.Contains(a.body, "<Key>") {
		t.Error(a.body)
	}
	s.want(400, "MalformedXML", "PUT", "/data/k?tagging", "")
	s.want(404, "NoSuchKey", "PUT", "/data/missing?tagging", "<Tagging><TagSet></TagSet></Tagging>")
	s.want(501, "NotImplemented", "DELETE", "/data/k?tagging&versionId="+first, "")
}

func TestGetObjectAttributes(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "hello", "x-amz-checksum-crc32", sumOf(checksum.CRC32, "hello"))
	a := s.want(200, "", "GET", "/data/k?attributes", "", "x-amz-object-attributes",
		"ETag,Checksum,ObjectSize, StorageClass,ObjectParts")
	for _, want := range []string{"<ObjectSize>5</ObjectSize>", "<ChecksumCRC32>NhCmhg==</ChecksumCRC32>",
		"<StorageClass>STANDARD</StorageClass>",
		"<ETag>" + strings.Trim(etagOf("hello"), `"`)} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	s.want(400, "InvalidRequest", "GET", "/data/k?attributes", "")
	s.want(400, "InvalidArgument", "GET", "/data/k?attributes", "", "x-amz-object-attributes", "Colour")
	s.want(400, "InvalidArgument", "GET", "/data/nothing?attributes", "", "x-amz-object-attributes", "Colour")
}

// A copy of an object onto itself must change something of it: its metadata or tags, or what S3 counts as such.
func TestCopyOntoItself(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x", "x-amz-meta-a", "1")
	source := []string{"x-amz-copy-source", "data/k"}
	s.want(400, "InvalidRequest", "PUT", "/data/k", "", source...)
	s.want(400, "InvalidStorageClass", "PUT", "/data/k", "", append(source, "x-amz-storage-class", "SLOW")...)
	for _, headers := range [][]string{
		{"x-amz-storage-class", "STANDARD_IA"}, {"x-amz-checksum-algorithm", "SHA256"}, {"x-amz-tagging-directive", "REPLACE"},
		{"x-amz-metadata-directive", "REPLACE", "x-amz-meta-a", "1"},
	} {
		s.want(200, "", "PUT", "/data/k", "", append(source, headers...)...)
	}
	h := s.want(200, "", "HEAD", "/data/k", "", "x-amz-checksum-mode", "ENABLED").Header
	if h.Get("x-amz-meta-a") != "1" || h.Get("x-amz-checksum-sha256") != sumOf(checksum.SHA256, "x") {
		t.Errorf("%v", h)
	}
}

// A plus in the source of a copy is a plus, and a space where no key has the plus.
func TestPlusInCopySource(t *testing.T) {
	s := newServer(t)
	s.put("/data/a%20b", "space")
	s.put("/data/to", "", "x-amz-copy-source", "data/a+b")
	if got := s.get("/data/to"); got != "space" {
		t.Errorf("got %q", got)
	}
	s.put("/data/a+b", "plus")
	s.put("/data/to", "", "x-amz-copy-source", "data/a+b")
	if got := s.get("/data/to"); got != "plus" {
		t.Errorf("got %q", got)
	}
	s.want(404, "NoSuchKey", "PUT", "/data/to", "", "x-amz-copy-source", "data/x+y")
}
