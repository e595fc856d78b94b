package contract_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func readSentences() []sentence {
	return []sentence{
		{"GetIsTheHeadOfTheBranch", getHead},
		{"VersionIdTakesAncestry", ancestry},
		{"PartNumber", partNumber},
		{"Ranges", ranges},
		{"ConditionsAndTheirPrecedence", conditions},
		{"ResponseOverrides", overrides},
		{"ErrorBodiesAreXML", errorBodies},
		{"ETagIsTheBLAKE3OfTheBytes", etags},
	}
}

func getHead(d *door) {
	d.make()
	d.put("k", "1")
	id := d.put("k", "2")
	a := d.want(200, "", "GET", d.path("k"), "")
	d.is("the object", a.body+" "+a.Get("X-Amz-Version-Id"), "2 "+id)
}

func ancestry(d *door) {
	d.make()
	var ids []string
	for i := range 4 {
		ids = append(ids, d.put("k", fmt.Sprint(i)))
	}
	for version, want := range map[string]int{
		ids[1]: 1, "HEAD": 3, "HEAD%5E": 2, "HEAD%5E2": 1, "HEAD~3": 0, "HEAD~1%5E": 1,
	} {
		d.is(version, d.get("k?versionId="+version), want)
		d.want(200, "", "HEAD", d.path("k?versionId="+version), "")
	}
	d.want(404, "NoSuchVersion", "GET", d.path("k?versionId="+strings.Repeat("1", 32)), "")
	d.want(404, "NoSuchVersion", "GET", d.path("k?versionId=HEAD~99"), "")
	d.want(404, "NoSuchVersion", "GET", d.path("k?versionId=x"), "")
	d.want(404, "NoSuchKey", "GET", d.path("k?versionId=HEAD~4"), "")
	d.want(400, "InvalidArgument", "GET", d.path("k?versionId="), "")
}

func partNumber(d *door) {
	d.make()
	one, two := strings.Repeat("1", mib*5), "two"
	d.multipart("k", one, two)
	a := d.want(206, "", "GET", d.path("k?partNumber=2"), "")
	d.is("part", a.body, two)
	d.is("headers", a.Get("X-Amz-Mp-Parts-Count")+" "+a.Get("Content-Range"),
		fmt.Sprintf("2 bytes %d-%d/%d", 5*mib, 5*mib+2, 5*mib+3))
	d.is("length", d.want(206, "", "HEAD", d.path("k?partNumber=1"), "").Get("Content-Length"), 5*mib)
	d.want(416, "InvalidPartNumber", "GET", d.path("k?partNumber=3"), "")
	d.put("plain", "x")
	d.is("one part", d.want(206, "", "GET", d.path("plain?partNumber=1"), "").body, "x")
}

func ranges(d *door) {
	d.make()
	d.put("k", "0123456789")
	for header, want := range map[string]string{
		"bytes=0-0": "0", "bytes=2-4": "234", "bytes=7-": "789", "bytes=-3": "789", "bytes=8-99": "89", "bytes=-99": "0123456789",
	} {
		a := d.want(206, "", "GET", d.path("k"), "", "Range", header)
		d.is(header, a.body, want)
		d.is("length", a.Get("Content-Length"), len(want))
	}
	a := d.want(416, "InvalidRange", "GET", d.path("k"), "", "Range", "bytes=10-")
	d.is("range", a.Get("Content-Range"), "bytes */10")
	d.is("not understood", d.get("k", "Range", "lines=1-2"), "0123456789")
}

func conditions(d *door) {
	const past, future = "Thu, 01 Jan 2004 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
	d.make()
	d.put("k", "x")
	etag := etagOf("x")
	for _, tc := range []struct {
		status  int
		code    string
		headers []string
	}{
		{200, "", []string{"If-Match", etag}},
		{412, "PreconditionFailed", []string{"If-Match", `"other"`}},
		{304, "", []string{"If-None-Match", etag}},
		{200, "", []string{"If-None-Match", `"other"`}},
		{304, "", []string{"If-Modified-Since", future}},
		{200, "", []string{"If-Modified-Since", past}},
		{412, "PreconditionFailed", []string{"If-Unmodified-Since", past}},
		{200, "", []string{"If-Unmodified-Since", future}},
		{200, "", []string{"If-Match", etag, "If-Unmodified-Since", past}},
		{200, "", []string{"If-None-Match", `"other"`, "If-Modified-Since", future}},
		{412, "PreconditionFailed", []string{"If-Match", `"other"`, "If-None-Match", etag}},
	} {
		method := "GET"
		if tc.status == 304 {
			method = "HEAD"
		}
		a := d.want(tc.status, tc.code, method, d.path("k"), "", tc.headers...)
		if tc.status == 304 {
			d.is("ETag of 304", a.Get("Etag"), etag)
		}
	}
}

func overrides(d *door) {
	d.make()
	d.put("k", "x", "Content-Type", "text/plain")
	a := d.want(200, "", "GET", d.path("k?response-content-type=a/b&response-content-disposition=inline"+
		"&response-cache-control=no-store&response-content-language=en&response-content-encoding=x&response-expires=0"), "")
	for header, want := range map[string]string{"Content-Type": "a/b", "Content-Disposition": "inline", "Cache-Control": "no-store",
		"Content-Language": "en", "Content-Encoding": "x", "Expires": "0"} {
		d.is(header, a.Get(header), want)
	}
	d.is("without", d.want(200, "", "GET", d.path("k"), "").Get("Content-Type"), "text/plain")
}

func errorBodies(d *door) {
	d.make()
	for path, code := range map[string]string{
		d.path("k"): "NoSuchKey", "/missing": "NoSuchBucket", d.path("k?frobnicate"): "NotImplemented",
	} {
		a, err := d.try("GET", path, nil)
		if err != nil {
			d.Fatal(err)
		}
		d.is("code", a.code(), code)
		d.is("type", a.Get("Content-Type"), "application/xml")
		d.is("request id", a.element("RequestId"), a.Get("X-Amz-Request-Id"))
	}
}

func etags(d *door) {
	d.make()
	data := strings.Repeat("bytes ", 3*mib/6)
	d.is("of a PUT", d.want(200, "", "PUT", d.path("k"), data).Get("Etag"), etagOf(data))
	d.is("of HEAD", d.want(200, "", "HEAD", d.path("k"), "").Get("Etag"), etagOf(data))
	d.is("of a copy", d.want(200, "", "PUT", d.path("c"), "", "x-amz-copy-source", d.path("k")).element("ETag"), etagOf(data))
	name := filepath.Join(d.store.Dir, "hashed")
	if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
		d.Fatal(err)
	}
	d.is("b3sum", `"`+d.store.B3sum(name)+`"`, etagOf(data))
	d.is("of a multipart upload", d.multipart("m", strings.Repeat("1", 5*mib), "2"), etagOf(strings.Repeat("1", 5*mib)+"2"))
	empty, _ := hex.DecodeString("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")
	d.is("of nothing", bytes.Equal(empty, mustHex(etagOf(""))), true)
}

func mustHex(etag string) []byte {
	b, _ := hex.DecodeString(strings.Trim(etag, `"`))
	return b
}
