package contract_test

import (
	"fmt"
	"strings"
)

func uploadSentences() []sentence {
	return []sentence{
		{"PartsInAnyOrderAndReplaced", partsInAnyOrder},
		{"ListParts", listParts},
		{"ListMultipartUploads", listUploads},
		{"AbortMultipartUpload", abortUpload},
		{"PartETags", partETags},
		{"CompleteErrors", completeErrors},
		{"CompleteIsIdempotent", completeTwice},
		{"CompleteConditions", completeConditions},
		{"CompleteReadsNothingAgain", completeReadsNothing},
	}
}

// create starts an upload.
func (d *door) create(key string, headers ...string) string {
	d.Helper()
	return d.want(200, "", "POST", d.path(key+"?uploads"), "", headers...).element("UploadId")
}

// part uploads a part and returns its ETag.
func (d *door) part(key, id string, number int, data string) string {
	d.Helper()
	return d.want(200, "", "PUT", d.path(fmt.Sprintf("%s?uploadId=%s&partNumber=%d", key, id, number)), data).Get("Etag")
}

// completion is the body of Complete for the parts from 1 on with these ETags.
func completion(etags ...string) string {
	var b strings.Builder
	for i, etag := range etags {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, strings.ReplaceAll(etag, `"`, "&quot;"))
	}
	return "<CompleteMultipartUpload>" + b.String() + "</CompleteMultipartUpload>"
}

// multipart stores an object in parts and returns its ETag.
func (d *door) multipart(key string, parts ...string) string {
	d.Helper()
	id := d.create(key)
	var etags []string
	for i, data := range parts {
		etags = append(etags, d.part(key, id, i+1, data))
	}
	return d.want(200, "", "POST", d.path(key+"?uploadId="+id), completion(etags...)).element("ETag")
}

func partsInAnyOrder(d *door) {
	d.make()
	id := d.create("k")
	three := d.part("k", id, 3, "three")
	d.part("k", id, 1, "replaced")
	two := d.part("k", id, 2, strings.Repeat("2", 5*mib))
	one := d.part("k", id, 1, strings.Repeat("1", 6*mib))
	d.want(404, "NoSuchKey", "GET", d.path("k"), "")
	d.want(200, "", "POST", d.path("k?uploadId="+id), completion(one, two, three))
	d.is("the object", d.get("k") == strings.Repeat("1", 6*mib)+strings.Repeat("2", 5*mib)+"three", true)
}

func listParts(d *door) {
	d.make()
	id := d.create("k")
	for _, number := range []int{7, 1, 10000} {
		d.part("k", id, number, "x")
	}
	a := d.want(200, "", "GET", d.path("k?max-parts=2&uploadId="+id), "")
	d.is("parts", fmt.Sprintln(a.elements("PartNumber"), a.element("NextPartNumberMarker"), a.element("IsTruncated")),
		"[1 7] 7 true\n")
	a = d.want(200, "", "GET", d.path("k?part-number-marker=7&uploadId="+id), "")
	d.is("parts", fmt.Sprintln(a.elements("PartNumber"), a.element("IsTruncated")), "[10000] false\n")
}

func listUploads(d *door) {
	d.make()
	ids := map[string]string{}
	for _, key := range []string{"a", "b", "b", "c/d"} {
		ids[d.create(key)] = key
	}
	seen := map[string]bool{}
	markers := ""
	for {
		a := d.want(200, "", "GET", "/"+d.bucket+"?uploads&max-uploads=1"+markers, "")
		for i, id := range a.elements("UploadId") {
			d.is("key", a.elements("Key")[i], ids[id])
			seen[id] = true
		}
		if a.element("IsTruncated") == "false" {
			break
		}
		markers = "&key-marker=" + a.element("NextKeyMarker") + "&upload-id-marker=" + a.element("NextUploadIdMarker")
	}
	d.is("uploads", len(seen), 4)
	d.is("behind a key", d.want(200, "", "GET", "/"+d.bucket+"?uploads&key-marker=b", "").elements("Key"), "[c/d]")
	d.want(501, "NotImplemented", "GET", "/"+d.bucket+"?uploads&delimiter=/", "")
}

func abortUpload(d *door) {
	d.make()
	id := d.create("k")
	d.part("k", id, 1, "x")
	d.want(204, "", "DELETE", d.path("k?uploadId="+id), "")
	d.want(404, "NoSuchUpload", "GET", d.path("k?uploadId="+id), "")
	d.want(404, "NoSuchUpload", "DELETE", d.path("k?uploadId="+id), "")
	d.want(404, "NoSuchUpload", "PUT", d.path("k?partNumber=1&uploadId="+id), "x")
}

func partETags(d *door) {
	d.make()
	id := d.create("k")
	one, two := strings.Repeat("1", 5*mib), "two"
	etag := d.part("k", id, 1, one)
	d.is("of a part", etag, etagOf(one))
	d.part("k", id, 2, two)
	d.want(400, "InvalidPart", "POST", d.path("k?uploadId="+id), completion(etag, etag))
	const md5 = "0123456789abcdef0123456789abcdef"
	d.want(200, "", "POST", d.path("k?uploadId="+id), completion(etag, md5))
}

func completeErrors(d *door) {
	d.make()
	id := d.create("k")
	one, two := d.part("k", id, 1, "1"), d.part("k", id, 2, "2")
	path := d.path("k?uploadId=" + id)
	d.want(400, "EntityTooSmall", "POST", path, completion(one, two))
	d.want(400, "InvalidPart", "POST", path, completion(one, two, one))
	d.want(400, "InvalidPartOrder", "POST", path, "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber></Part>"+
		"<Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>")
	d.want(400, "MalformedXML", "POST", path, completion())
	d.want(400, "MalformedXML", "POST", path, "")
	d.want(404, "NoSuchUpload", "POST", d.path("k?uploadId="+strings.Repeat("1", 32)), completion(one))
	d.want(200, "", "POST", path, completion(one))
}

func completeTwice(d *door) {
	d.make()
	id := d.create("k")
	body := completion(d.part("k", id, 1, "1"))
	first := d.want(200, "", "POST", d.path("k?uploadId="+id), body)
	before := d.commits()
	again := d.want(200, "", "POST", d.path("k?uploadId="+id), body)
	d.is("the answer", again.body, first.body)
	d.is("the version", again.Get("X-Amz-Version-Id"), first.Get("X-Amz-Version-Id"))
	d.is("commits", d.commits(), before)
}

func completeConditions(d *door) {
	d.make()
	d.put("k", "old")
	id := d.create("k")
	body := completion(d.part("k", id, 1, "1"))
	d.want(412, "PreconditionFailed", "POST", d.path("k?uploadId="+id), body, "If-None-Match", "*")
	d.want(412, "PreconditionFailed", "POST", d.path("k?uploadId="+id), body, "If-Match", etagOf("other"))
	d.want(200, "", "POST", d.path("k?uploadId="+id), body, "If-Match", etagOf("old"))
	id = d.create("fresh")
	d.want(200, "", "POST", d.path("fresh?uploadId="+id), completion(d.part("fresh", id, 1, "1")), "If-None-Match", "*")
}

// completeReadsNothing completes uploads of equally many parts of different sizes: what is read around the seams is bounded
// for each, whatever the size of the parts.
func completeReadsNothing(d *door) {
	d.make()
	const parts, seam = 4, 2 * mib
	for _, size := range []int{5 * mib, 16 * mib, 20*mib + 77} {
		id := d.create("k")
		var etags []string
		for i := range parts {
			etags = append(etags, d.part("k", id, i+1, string(noise(uint64(size+i), size))))
		}
		before := d.read()
		d.want(200, "", "POST", d.path("k?uploadId="+id), completion(etags...))
		read := d.read() - before
		d.Logf("%d parts of %d bytes: completing reads %d bytes", parts, size, read)
		if read > parts*seam {
			d.Errorf("completing %d parts of %d bytes reads %d bytes", parts, size, read)
		}
	}
}
