package contract_test

import (
	"fmt"
	"strings"
	"time"

	"pfsd/integration/harness"
)

func copySentences() []sentence {
	return []sentence{
		{"CopyMovesNoBytes", copyMovesNothing},
		{"CopyAcrossBucketsAndVersions", copyAcross},
		{"CopySourceConditions", copyConditions},
		{"CopyDirectives", copyDirectives},
		{"UploadPartCopyTakesARange", copyPart},
	}
}

// copyMovesNothing copies an object of 1 GiB and one of 1 KiB.
func copyMovesNothing(d *door) {
	d.make()
	const piece = 16 * mib
	a, err := d.try("PUT", d.path("piece"), harness.Noise(2, piece))
	if err != nil || a.status != 200 {
		d.Fatalf("%v %v", a, err)
	}
	id := d.create("large")
	var parts []string
	for i := range 64 {
		parts = append(parts, d.want(200, "", "PUT", fmt.Sprintf("%s?uploadId=%s&partNumber=%d", d.path("large"), id, i+1), "",
			"x-amz-copy-source", d.path("piece")).element("ETag"))
	}
	d.want(200, "", "POST", d.path("large?uploadId="+id), completion(parts...))
	d.put("small", strings.Repeat("x", 1<<10))
	before, read := d.store.DiskUsage(""), d.read()
	times := map[string]time.Duration{"large": time.Hour, "small": time.Hour}
	for i := range 8 {
		for source := range times {
			start := time.Now()
			d.want(200, "", "PUT", d.path(fmt.Sprint(source, i)), "", "x-amz-copy-source", d.path(source))
			times[source] = min(times[source], time.Since(start))
		}
	}
	d.is("size", d.want(200, "", "HEAD", d.path("large7"), "").Get("Content-Length"), 1<<30)
	grown, read := d.store.DiskUsage("")-before, d.read()-read
	d.Logf("8 copies of 1 GiB: the store grew by %d bytes and read %d; the fastest took %v, that of 1 KiB %v", grown, read,
		times["large"], times["small"])
	if grown >= 8*mib {
		d.Errorf("8 copies of 1 GiB grow the store by %d bytes", grown)
	}
	if read >= 8*mib {
		d.Errorf("8 copies of 1 GiB read %d bytes", read)
	}
}

func copyAcross(d *door) {
	d.make()
	old := d.put("k", "old")
	d.put("k", "new")
	other := "/other." + d.bucket
	d.want(200, "", "PUT", other, "")
	for source, want := range map[string]string{
		d.path("k"): "new", d.bucket + "/k": "new", d.path("k?versionId=" + old): "old", "/" + old + "." + d.bucket + "/k": "old",
	} {
		d.want(200, "", "PUT", other+"/k", "", "x-amz-copy-source", source)
		d.is(source, d.want(200, "", "GET", other+"/k", "").body, want)
	}
	a := d.want(200, "", "PUT", other+"/k", "", "x-amz-copy-source", d.path("k?versionId="+old))
	d.is("the version", a.Get("X-Amz-Copy-Source-Version-Id"), old)
	d.want(404, "NoSuchKey", "PUT", other+"/k", "", "x-amz-copy-source", d.path("missing"))
	d.want(404, "NoSuchBucket", "PUT", other+"/k", "", "x-amz-copy-source", "/missing/k")
}

func copyConditions(d *door) {
	const past, future = "Thu, 01 Jan 2004 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
	d.make()
	d.put("k", "x")
	for _, c := range []struct{ header, holds, fails string }{
		{"if-match", etagOf("x"), etagOf("y")}, {"if-none-match", etagOf("y"), etagOf("x")},
		{"if-modified-since", past, future}, {"if-unmodified-since", future, past},
	} {
		d.want(200, "", "PUT", d.path("c"), "", "x-amz-copy-source", d.path("k"), "x-amz-copy-source-"+c.header, c.holds)
		d.want(412, "PreconditionFailed", "PUT", d.path("c"), "", "x-amz-copy-source", d.path("k"),
			"x-amz-copy-source-"+c.header, c.fails)
	}
}

func copyDirectives(d *door) {
	d.make()
	d.put("k", "x", "x-amz-meta-a", "1", "Content-Type", "a/b", "x-amz-tagging", "t=1")
	show := func(key string) string {
		a := d.want(200, "", "HEAD", d.path(key), "")
		tags := d.want(200, "", "GET", d.path(key+"?tagging"), "")
		return strings.Join([]string{a.Get("X-Amz-Meta-A"), a.Get("Content-Type"), tags.element("Value")}, " ")
	}
	source := []string{"x-amz-copy-source", d.path("k"), "x-amz-meta-a", "2", "Content-Type", "c/d", "x-amz-tagging", "t=2"}
	d.want(200, "", "PUT", d.path("copy"), "", source...)
	d.is("COPY", show("copy"), "1 a/b 1")
	d.want(200, "", "PUT", d.path("replace"), "", append(source, "x-amz-metadata-directive", "REPLACE")...)
	d.is("REPLACE of metadata", show("replace"), "2 c/d 1")
	d.want(200, "", "PUT", d.path("tags"), "", append(source, "x-amz-tagging-directive", "REPLACE")...)
	d.is("REPLACE of tags", show("tags"), "1 a/b 2")
	d.want(400, "InvalidRequest", "PUT", d.path("k"), "", source...)
}

func copyPart(d *door) {
	d.make()
	data := strings.Repeat("0123456789", 6*mib/10)
	d.put("k", data)
	id := d.create("c")
	at := d.path("c?uploadId=" + id + "&partNumber=")
	one := d.want(200, "", "PUT", at+"1", "", "x-amz-copy-source", d.path("k")).element("ETag")
	two := d.want(200, "", "PUT", at+"2", "", "x-amz-copy-source", d.path("k"),
		"x-amz-copy-source-range", "bytes=5-14").element("ETag")
	d.is("ETag", two, etagOf(data[5:15]))
	d.want(400, "InvalidArgument", "PUT", at+"3", "", "x-amz-copy-source", d.path("k"), "x-amz-copy-source-range", "bytes=5-")
	d.want(200, "", "POST", d.path("c?uploadId="+id), completion(one, two))
	d.is("the object", d.get("c") == data+data[5:15], true)
}
