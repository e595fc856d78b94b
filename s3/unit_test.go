package s3

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

func TestMtime(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1": 1e9, "1700000000": 1700000000e9, "1700000000.123456789": 1700000000123456789, "1700000000.5": 1700000000500000000,
		"1.1234567899": 1123456789, "-1.5": -1500000000, "-0.5": -500000000, "": 0, "x": 0, "1.x": 0, "1e9": 0, "99999999999999": 0, "1.": 1e9,
	} {
		if got := parseMtime(s); got != want {
			t.Errorf("parseMtime(%q) = %d, want %d", s, got, want)
		}
	}
	for _, nanos := range []int64{0, 1, 1e9, 1700000000123456789, 1700000000500000000, -1500000000, -1} {
		if got := parseMtime(formatMtime(nanos)); got != nanos {
			t.Errorf("%d as %q is %d", nanos, formatMtime(nanos), got)
		}
	}
}

func TestETags(t *testing.T) {
	for list, want := range map[string]bool{
		"*": true, "abc": true, `"abc"`: true, `W/"abc"`: true, `"abc-1"`: true, "abc-1": true, `"x", "abc"`: true, `"ABC"`: true,
		"": false, "ab": false, `"abc-2"`: false, `"x","y"`: false,
	} {
		if got := matchesETag(list, "abc", weak); got != want {
			t.Errorf("matchesETag(%q) = %v", list, got)
		}
		if got := matchesETag(list, "abc", strong); got != (want && !strings.HasPrefix(list, "W/")) {
			t.Errorf("matchesETag(%q), strong = %v", list, got)
		}
	}
	if !matchesETag(`"abc-0"`, "abc-0", strong) || matchesETag("abc", "abc-0", strong) {
		t.Error("the ETag of a sparse content is compared as another")
	}
	plain, dashed := &Handler{}, &Handler{cfg: Config{ETag: ETagDash}}
	s3cmd := &pfs.Meta{User: map[string]string{s3cmdAttributes: "uid:0"}}
	for got, want := range map[string]string{
		plain.styled("a", nil): "a", dashed.styled("b", nil): "b-1", plain.styled("c", s3cmd): "c-1", dashed.styled("d-0",
			nil): "d-0",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestLayout(t *testing.T) {
	l := partLayout{upload: "id", sizes: []int64{5, 5, 5, 7, 5}}
	if got := l.String(); got != "id 5*3 7*1 5*1" {
		t.Errorf("got %q", got)
	}
	entry := func(text string, size int64) *pfs.Entry {
		return &pfs.Entry{Kind: pfs.EntryFile, Content: pfs.Content{Size: size},
			Meta: &pfs.Meta{Headers: map[string]string{layoutHeader: text}}}
	}
	if got, ok := layoutOf(entry(l.String(), 27)); !ok || !slices.Equal(got.sizes, l.sizes) || got.upload != "id" {
		t.Errorf("got %+v, %v", got, ok)
	}
	l = partLayout{upload: "id", sizes: []int64{1, 2}}
	l.keep(checksum.CRC32, []checksum.Part{{Digest: []byte("abcd")}, {Digest: []byte("efgh")}})
	if got := l.String(); got != "id 1*1 2*1 crc32:YWJjZGVmZ2g=" {
		t.Errorf("got %q", got)
	}
	got, ok := layoutOf(entry(l.String(), 3))
	if digest, kept := got.digest(checksum.CRC32, 1); !ok || !kept || string(digest) != "efgh" {
		t.Errorf("got %+v, %v", got, ok)
	}
	if _, kept := got.digest(checksum.CRC32C, 1); kept {
		t.Error("a checksum of another algorithm was kept")
	}
	for _, unread := range []string{"id 3*1 crc32:YWJj", "id 3*1 crc32:!", "id 3*1 md5:YWJjZA==", "id 3*1 crc32:"} {
		got, ok := layoutOf(entry(unread, 3))
		if _, kept := got.digest(checksum.CRC32, 0); !ok || kept {
			t.Errorf("%q: %v, %v", unread, ok, kept)
		}
	}
	for _, bad := range []string{"", " ", "id", "id 5", "id 27*0", "id 27*-1", "id -27*1", "id x*1", "id 0*99999999999",
		"id 26*1", "id 27*1 x"} {
		if _, ok := layoutOf(entry(bad, 27)); ok {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestCopySource(t *testing.T) {
	for header, want := range map[string]copySource{
		"/b/k": {"b", "k", "", "k"}, "b/k": {"b", "k", "", "k"}, "b/a%2Fk%20+%2B": {"b", "a/k ++", "", "a/k  +"},
		"/b/k?versionId=HEAD%5E": {"b", "k", "HEAD^", "k"}, "b/dir/": {"b", "dir/", "", "dir/"}, "b/%3Fx": {"b", "?x", "", "?x"},
	} {
		if got, err := parseCopySource(header); err != nil || got != want {
			t.Errorf("%q: %+v, %v", header, got, err)
		}
	}
	for _, bad := range []string{"", "/", "b", "b/", "/b/", "//k", "b/k?versionId=", "b/k?x", "b/%"} {
		if got, err := parseCopySource(bad); err == nil {
			t.Errorf("%q was accepted: %+v", bad, got)
		}
	}
}

func TestOffsetOfParts(t *testing.T) {
	for _, tc := range []struct {
		number     int
		size, want int64
	}{{1, 8 << 20, 0}, {3, 8 << 20, 16 << 20}, {10000, 5 << 30, 9999 * 5 << 30}, {2, -1, 0}, {10000, 1 << 62, 0}} {
		if got := offsetOf(tc.number, tc.size); got != tc.want {
			t.Errorf("part %d of %d bytes: %d, want %d", tc.number, tc.size, got, tc.want)
		}
	}
}

func TestContentTypes(t *testing.T) {
	for _, tc := range []struct {
		entry pfs.Entry
		want  string
	}{
		{pfs.Entry{Kind: pfs.EntryDir, Name: "a.txt"}, "application/x-directory"},
		{pfs.Entry{Kind: pfs.EntryFile, Name: "a.JPG"}, "image/jpeg"},
		{pfs.Entry{Kind: pfs.EntryFile, Name: "a"}, "application/octet-stream"},
		{pfs.Entry{Kind: pfs.EntryFile, Name: "a.txt", Meta: &pfs.Meta{ContentType: "x/y"}}, "x/y"},
	} {
		if got := contentType(&tc.entry); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.entry.Name, got, tc.want)
		}
	}
}

func TestContentEncoding(t *testing.T) {
	for _, tc := range []struct {
		want   string
		values []string
	}{{"", []string{"aws-chunked"}}, {"gzip", []string{"aws-chunked,gzip"}}, {"gzip",
		[]string{"gzip, AWS-Chunked"}}, {"gzip, br", []string{"gzip", "br"}}, {"", nil}} {
		if got := withoutChunked(tc.values); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.values, got, tc.want)
		}
	}
}

// Every operation has a name, and no two rows of the table can be asked for by the same request.
func TestOperations(t *testing.T) {
	seen := map[string]string{}
	for _, o := range operations() {
		key := strings.Join([]string{o.method, string('0' + rune(o.scope)), strings.Join(o.query, "&"), o.header}, " ")
		if o.name == "" || seen[key] != "" || o.do == nil {
			t.Errorf("%q and %q have the key %q", o.name, seen[key], key)
		}
		seen[key] = o.name
		for _, name := range append(slices.Clone(o.query), o.also...) {
			if !subresources[name] {
				t.Errorf("%s: %q is no known sub-resource", o.name, name)
			}
		}
	}
}

// FuzzParseRange checks that every range that is accepted lies within the object.
func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=-5", "bytes=5-", "bytes=-", "bytes=0-0,1-1",
		"bytes=99999999999999999999-", "x"} {
		f.Add(s, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		size = max(size, 0)
		got, result := parseRange(header, size)
		if result == rangeOK && (got.offset < 0 || got.size <= 0 || got.offset > size-got.size) {
			t.Errorf("%q of %d bytes: %+v", header, size, got)
		}
	})
}

// The name of the file stands in every field that asks for it.
func TestFileNameInFields(t *testing.T) {
	const body = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nup/${filename}\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"x-amz-meta-name\"\r\n\r\n${filename}, ${filename}\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\a.txt\"\r\n\r\nx\r\n--b--\r\n"
	r := httptest.NewRequest("POST", "/data", strings.NewReader(body))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	f, err := readForm(&request{Request: r})
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(f.field("key"), "up/")
	if !strings.HasSuffix(name, "a.txt") || strings.ContainsAny(name, `/\`) || f.field("x-amz-meta-name") != name+", "+name {
		t.Errorf("%q", f.fields)
	}
}
