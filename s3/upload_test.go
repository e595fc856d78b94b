package s3_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pfsd/s3/checksum"
)

const mib = 1 << 20

// create starts an upload of a key and returns its id.
func (s *server) create(path string, headers ...string) string {
	s.t.Helper()
	a := s.want(200, "", "POST", path+"?uploads", "", headers...)
	return decode[struct {
		UploadID string `xml:"UploadId"`
	}](s.t, a).UploadID
}

func (s *server) part(path, id string, number int, body string, headers ...string) string {
	s.t.Helper()
	return s.want(200, "", "PUT", fmt.Sprintf("%s?partNumber=%d&uploadId=%s", path, number, id), body,
		headers...).Header.Get("Etag")
}

// completion is the body of a Complete for parts 1, 2, ... with these ETags.
func completion(etags ...string) string {
	var pairs []any
	for i, etag := range etags {
		pairs = append(pairs, i+1, etag)
	}
	return parts(pairs...)
}

// parts is the body of a Complete for pairs of a part's number and ETag.
func parts(pairs ...any) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", pairs[i], pairs[i+1])
	}
	return "<CompleteMultipartUpload>" + b.String() + "</CompleteMultipartUpload>"
}

// bytesOf returns n random bytes, the same ones for the same seed.
func bytesOf(seed byte, n int) string {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(data)
	return string(data)
}

func TestMultipart(t *testing.T) {
	s := newServer(t)
	one, two, three := bytesOf(1, 5*mib), bytesOf(2, 6*mib), bytesOf(3, 100)
	id := s.create("/data/big", "Content-Type", "text/plain", "x-amz-meta-a", "b")
	etag3 := s.part("/data/big", id, 3, three)
	s.part("/data/big", id, 1, "replaced")
	etag2 := s.part("/data/big", id, 2, two)
	etag1 := s.part("/data/big", id, 1, one)
	if etag1 != etagOf(one) {
		t.Errorf("ETag of a part: %s", etag1)
	}
	type partsAnswer struct {
		Part []struct {
			PartNumber, Size int
			ETag             string
		}
		IsTruncated          bool
		NextPartNumberMarker int
	}
	parts := decode[partsAnswer](t, s.want(200, "", "GET", "/data/big?max-parts=2&uploadId="+id, ""))
	if len(parts.Part) != 2 || !parts.IsTruncated || parts.NextPartNumberMarker != 2 || parts.Part[1].Size != 6*mib ||
		parts.Part[0].ETag != etag1 {
		t.Errorf("parts %+v", parts)
	}
	parts = decode[partsAnswer](t, s.want(200, "", "GET", "/data?part-number-marker=2&uploadId="+id, ""))
	if len(parts.Part) != 1 || parts.IsTruncated || parts.Part[0].PartNumber != 3 {
		t.Errorf("parts %+v", parts)
	}
	s.want(404, "NoSuchKey", "GET", "/data/big", "")
	md5sum := md5.Sum([]byte(two))
	s.want(400, "InvalidPart", "POST", "/data/big?uploadId="+id, completion(etag1, etag1, etag3))
	// An ETag of another form, such as the MD5 that some clients compute themselves, says nothing.
	a := s.want(200, "", "POST", "/data/big?uploadId="+id,
		completion(hex.EncodeToString(md5sum[:]), `W/"`+strings.Trim(etag2, `"`)+`-1"`, etag3))
	whole := one + two + three
	if !strings.Contains(a.body, strings.Trim(etagOf(whole), `"`)) || a.Header.Get("X-Amz-Version-Id") == "" {
		t.Errorf("completed: %s", a.body)
	}
	again := s.want(200, "", "POST", "/data/big?uploadId="+id, completion(etag1, etag2, etag3))
	if again.body != a.body || again.Header.Get("X-Amz-Version-Id") != a.Header.Get("X-Amz-Version-Id") {
		t.Errorf("completed again: %s", again.body)
	}
	got := s.want(200, "", "GET", "/data/big", "")
	if got.body != whole || got.Header.Get("Etag") != etagOf(whole) || got.Header.Get("X-Amz-Meta-A") != "b" ||
		got.Header.Get("X-Amz-Mp-Layout") != "" {
		t.Errorf("object: %d bytes, %v", len(got.body), got.Header)
	}
	got = s.want(206, "", "GET", "/data/big?partNumber=2", "")
	if got.body != two || got.Header.Get("X-Amz-Mp-Parts-Count") != "3" {
		t.Errorf("part 2: %d bytes, %v", len(got.body), got.Header)
	}
	s.want(416, "InvalidPartNumber", "GET", "/data/big?partNumber=4", "")
	s.want(404, "NoSuchUpload", "GET", "/data/big?uploadId="+id, "")
}

func TestMultipartErrors(t *testing.T) {
	s := newServer(t)
	s.want(400, "InvalidArgument", "POST", "/data/dir/?uploads", "")
	s.want(400, "InvalidArgument", "POST", "/data/a//b?uploads", "")
	s.want(404, "NoSuchBucket", "POST", "/missing/k?uploads", "")
	id := s.create("/data/k")
	unknown := strings.Repeat("0", 31) + "1"
	for _, bad := range []string{unknown, "x", ""} {
		s.want(404, "NoSuchUpload", "PUT", "/data/k?partNumber=1&uploadId="+bad, "x")
		s.want(404, "NoSuchUpload", "POST", "/data/k?uploadId="+bad, completion("x"))
		s.want(404, "NoSuchUpload", "DELETE", "/data/k?uploadId="+bad, "")
		s.want(404, "NoSuchUpload", "GET", "/data/k?uploadId="+bad, "")
		s.want(404, "NoSuchUpload", "DELETE", "/data?uploadId="+bad, "")
	}
	s.want(404, "NoSuchUpload", "PUT", "/data/other?partNumber=1&uploadId="+id, "x")
	for _, number := range []string{"0", "-1", "10001", "x", ""} {
		s.want(400, "InvalidArgument", "PUT", "/data/k?partNumber="+number+"&uploadId="+id, "x")
	}
	small := s.part("/data/k", id, 1, "small")
	last := s.part("/data/k", id, 2, "last")
	for _, tc := range []struct{ name, body, code string }{
		{"too small", completion(small, last), "EntityTooSmall"},
		{"wrong ETag", completion(last), "InvalidPart"},
		{"missing part", completion(small, last, last), "InvalidPart"},
		{"order", parts(2, last, 1, small), "InvalidPartOrder"},
		{"twice", parts(1, small, 1, small), "InvalidPartOrder"},
		{"number below 1", parts(0, small), "InvalidArgument"},
		{"no hash for an ETag", completion("invalidETag"), "InvalidPart"},
		{"too short for a hash", completion("abcdef"), "InvalidPart"},
		{"hash of parts that is none", completion(strings.Repeat("0", 32) + "-x"), "InvalidPart"},
		{"empty ETag", completion(""), "MalformedXML"},
		{"quotes for an ETag", completion(`""`), "InvalidPart"},
		{"no ETag", "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>", "MalformedXML"},
		{"other XML", "<Delete><Part><PartNumber>1</PartNumber></Part></Delete>", "MalformedXML"},
		{"empty list", "<CompleteMultipartUpload/>", "MalformedXML"},
		{"no body", "", "MalformedXML"},
		{"no XML", "<a><b></a>", "MalformedXML"},
		{"no number", "<CompleteMultipartUpload><Part><ETag>x</ETag></Part></CompleteMultipartUpload>", "MalformedXML"},
		{"a checksum that the part has not", "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" +
			small + "</ETag><ChecksumCRC32>" + sumOf(checksum.CRC32, "small") + "</ChecksumCRC32></Part></CompleteMultipartUpload>", "InvalidPart"},
	} {
		if a := s.do("POST", "/data/k?uploadId="+id, tc.body); a.StatusCode != 400 || a.code() != tc.code {
			t.Errorf("%s: %d %s", tc.name, a.StatusCode, a.body)
		}
	}
	s.want(400, "InvalidRequest", "POST", "/data/k?uploadId="+id, completion(small), "x-amz-mp-object-size", "4")
	for _, other := range []string{strings.Repeat("0", 32), `"` + strings.Repeat("0", 40) + `"`, strings.Repeat("0", 32) + "-3"} {
		// Let through to the next condition: they are hashes by other algorithms.
		s.want(400, "InvalidRequest", "POST", "/data/k?uploadId="+id, completion(other), "x-amz-mp-object-size", "4")
	}
	s.put("/data/k", "old")
	s.want(412, "PreconditionFailed", "POST", "/data/k?uploadId="+id, completion(small), "If-Match", "x")
	s.want(412, "PreconditionFailed", "POST", "/data/k?uploadId="+id, completion(small), "If-None-Match", "*")
	s.want(200, "", "POST", "/data/k?uploadId="+id, completion(small), "If-Match", etagOf("old"), "x-amz-mp-object-size", "5")
	if got := s.get("/data/k"); got != "small" {
		t.Errorf("got %q", got)
	}
	id = s.create("/data/gone")
	s.want(204, "", "DELETE", "/data?uploadId="+id, "")
	s.want(404, "NoSuchUpload", "DELETE", "/data/gone?uploadId="+id, "")
}

func TestListUploads(t *testing.T) {
	s := newServer(t)
	var ids []string
	for _, key := range []string{"a/1", "a/2", "a/2", "a/2", "b"} {
		ids = append(ids, key+" "+s.create("/data/"+key))
	}
	type uploadsAnswer struct {
		Upload []struct {
			Key      string
			UploadID string `xml:"UploadId"`
		}
		IsTruncated        bool
		NextKeyMarker      string
		NextUploadIDMarker string `xml:"NextUploadIdMarker"`
	}
	for _, prefix := range []string{"", "a/", "c"} {
		var want, got []string
		for _, id := range ids {
			if strings.HasPrefix(id, prefix) {
				want = append(want, id)
			}
		}
		marker, idMarker := "", ""
		for {
			a := decode[uploadsAnswer](t, s.want(200, "", "GET",
				"/data?uploads&max-uploads=1&prefix="+prefix+"&key-marker="+marker+
					"&upload-id-marker="+idMarker, ""))
			for _, u := range a.Upload {
				got = append(got, u.Key+" "+u.UploadID)
			}
			if !a.IsTruncated {
				break
			}
			marker, idMarker = a.NextKeyMarker, a.NextUploadIDMarker
		}
		if !slices.Equal(got, want) {
			t.Errorf("prefix %q: %q, want %q", prefix, got, want)
		}
	}
	a := decode[uploadsAnswer](t, s.want(200, "", "GET", "/data?uploads&key-marker=a/2", ""))
	if len(a.Upload) != 1 || a.Upload[0].Key != "b" {
		t.Errorf("behind a key: %+v", a)
	}
	s.want(501, "NotImplemented", "GET", "/data?uploads&delimiter=/", "")
}

func TestMultipartChecksums(t *testing.T) {
	s := newServer(t)
	one, two := bytesOf(1, 5*mib), "tail"
	sum := func(a checksum.Algorithm, data string) string {
		h := a.New()
		h.Write([]byte(data))
		return checksum.Encode(h.Sum(nil))
	}
	for _, a := range checksum.Algorithms() {
		for _, kind := range []checksum.Type{checksum.Composite, checksum.FullObject} {
			if !a.Allows(kind) {
				s.want(400, "InvalidRequest", "POST", "/data/k?uploads", "", "x-amz-checksum-algorithm", a.String(),
					"x-amz-checksum-type", string(kind))
				continue
			}
			id := s.create("/data/k", "x-amz-checksum-algorithm", a.String(), "x-amz-checksum-type", string(kind))
			other := checksum.CRC32
			if a == other {
				other = checksum.SHA1
			}
			s.want(400, "InvalidRequest", "PUT", "/data/k?partNumber=1&uploadId="+id, "x", other.Header(), sum(other, "x"))
			s.want(400, "BadDigest", "PUT", "/data/k?partNumber=1&uploadId="+id, "x", a.Header(), sum(a, "y"))
			etag1 := s.part("/data/k", id, 1, one, a.Header(), sum(a, one))
			etag2 := s.part("/data/k", id, 2, two)
			s.want(400, "BadDigest", "POST", "/data/k?uploadId="+id, completion(etag1, etag2), a.Header(), sum(a, "other"))
			s.want(200, "", "POST", "/data/k?uploadId="+id, completion(etag1, etag2))
			h := s.want(200, "", "HEAD", "/data/k", "", "x-amz-checksum-mode", "ENABLED").Header
			want := sum(a, one+two)
			if kind == checksum.Composite {
				d1, _ := a.Decode(sum(a, one))
				d2, _ := a.Decode(sum(a, two))
				want = sum(a, string(d1)+string(d2)) + "-2"
			}
			if got := h.Get(a.Header()); got != want || h.Get("X-Amz-Checksum-Type") != string(kind) {
				t.Errorf("%v %v: %s, want %s", a, kind, got, want)
			}
		}
	}
}

// A composite checksum of an upload that was created without an algorithm is made of its parts', whether they came with
// checksums or not.
func TestCompositeChecksumOfAnyUpload(t *testing.T) {
	s := newServer(t)
	one, two := bytesOf(1, 5*mib), "tail"
	for _, a := range []checksum.Algorithm{checksum.SHA256, checksum.CRC32} {
		id := s.create("/data/k")
		list := completion(s.part("/data/k", id, 1, one, a.Header(), sumOf(a, one)), s.part("/data/k", id, 2, two))
		d1, _ := a.Decode(sumOf(a, one))
		d2, _ := a.Decode(sumOf(a, two))
		want := sumOf(a, string(d1)+string(d2)) + "-2"
		for _, bad := range []string{sumOf(a, "x") + "-2", strings.TrimSuffix(want, "2") + "3"} {
			s.want(400, "BadDigest", "POST", "/data/k?uploadId="+id, list, a.Header(), bad)
		}
		s.want(200, "", "POST", "/data/k?uploadId="+id, list, a.Header(), want, "x-amz-checksum-type", "COMPOSITE")
		h := s.want(200, "", "HEAD", "/data/k", "", "x-amz-checksum-mode", "ENABLED").Header
		if h.Get(a.Header()) != want || h.Get("X-Amz-Checksum-Type") != "COMPOSITE" {
			t.Errorf("%v: %v, want %s", a, h, want)
		}
	}
}

func TestUploadPartCopy(t *testing.T) {
	s := newServer(t)
	data := bytesOf(1, 6*mib)
	s.put("/data/source", data)
	id := s.create("/data/k", "x-amz-checksum-algorithm", "CRC64NVME")
	path := "/data/k?uploadId=" + id + "&partNumber="
	type copied struct{ ETag, ChecksumCRC64NVME string }
	a := decode[copied](t, s.want(200, "", "PUT", path+"1", "", "x-amz-copy-source", "/data/source"))
	b := decode[copied](t, s.want(200, "", "PUT", path+"2", "", "x-amz-copy-source", "data/source",
		"x-amz-copy-source-range", "bytes=10-19"))
	if a.ETag != etagOf(data) || b.ETag != etagOf(data[10:20]) || b.ChecksumCRC64NVME == "" {
		t.Errorf("copied parts %+v %+v", a, b)
	}
	for _, bad := range []string{"bytes=0-", "bytes=-5", "0-5", "bytes=5-2", "bytes=0-99999999"} {
		s.want(400, "InvalidArgument", "PUT", path+"3", "", "x-amz-copy-source", "/data/source", "x-amz-copy-source-range", bad)
	}
	s.want(404, "NoSuchKey", "PUT", path+"3", "", "x-amz-copy-source", "/data/missing")
	s.want(412, "PreconditionFailed", "PUT", path+"3", "", "x-amz-copy-source", "/data/source", "x-amz-copy-source-if-match", "x")
	s.want(200, "", "POST", "/data/k?uploadId="+id, completion(a.ETag, b.ETag))
	if got := s.get("/data/k"); got != data+data[10:20] {
		t.Errorf("%d bytes", len(got))
	}
}

// The checksum that a client gives for the whole is compared whatever the upload was created with.
func TestChecksumOfTheWhole(t *testing.T) {
	s := newServer(t)
	sum := func(data string) string { return sumOf(checksum.SHA256, data) }
	for _, tc := range []struct {
		name             string
		created, headers []string
		code             string
	}{
		{"right", nil, []string{"x-amz-checksum-sha256", sum("hello")}, ""},
		{"wrong", nil, []string{"x-amz-checksum-sha256", sum("jello")}, "BadDigest"},
		{"beside the upload's own", []string{"x-amz-checksum-algorithm", "CRC32"},
			[]string{"x-amz-checksum-sha256", sum("jello")}, "BadDigest"},
		{"no checksum", nil, []string{"x-amz-checksum-sha256", "AAAA"}, "InvalidRequest"},
		{"no algorithm", nil, []string{"x-amz-checksum-adler", "AAAA"}, "InvalidRequest"},
		{"two", nil, []string{"x-amz-checksum-sha256", sum("hello"), "x-amz-checksum-crc32", sumOf(checksum.CRC32, "hello")},
			"InvalidRequest"},
		{"another type", []string{"x-amz-checksum-algorithm", "CRC32", "x-amz-checksum-type", "Composite"},
			[]string{"x-amz-checksum-type", "FULL_OBJECT"}, "InvalidRequest"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id := s.create("/data/k", tc.created...)
			etag := s.part("/data/k", id, 1, "hello")
			a := s.do("POST", "/data/k?uploadId="+id, completion(etag), tc.headers...)
			if a.code() != tc.code || (a.StatusCode == 200) != (tc.code == "") {
				t.Errorf("%s %s", a.Status, a.body)
			}
		})
	}
	if a := s.want(200, "", "HEAD", "/data/k", "", "x-amz-checksum-mode", "ENABLED"); a.Header.Get("x-amz-checksum-sha256") !=
		sum("hello") {
		t.Errorf("%v", a.Header)
	}
}

// A version that cannot change has no uploads.
func TestUploadsOfVersions(t *testing.T) {
	s := newServer(t)
	s.create("/data/k")
	bucket := "/" + s.put("/data/k", "x") + ".data"
	if a := s.want(200, "", "GET", bucket+"?uploads", ""); strings.Contains(a.body, "<Upload>") {
		t.Error(a.body)
	}
	s.want(404, "NoSuchUpload", "GET", bucket+"/k?uploadId=x", "")
	s.want(404, "NoSuchBucket", "GET", "/nothing?uploads", "")
	s.want(405, "MethodNotAllowed", "DELETE", bucket+"/k?uploadId=x", "")
}

func TestAbortOfTheUploadThatIsMeant(t *testing.T) {
	s := newServer(t)
	id := s.create("/data/k")
	const header = "x-amz-if-match-initiated-time"
	s.want(412, "PreconditionFailed", "DELETE", "/data/k?uploadId="+id, "", header, "Mon, 01 Jan 2001 00:00:00 GMT")
	s.want(400, "InvalidArgument", "DELETE", "/data/k?uploadId="+id, "", header, "then")
	s.want(204, "", "DELETE", "/data/k?uploadId="+id, "", header, s.clock.Now().UTC().Format(http.TimeFormat))
}
