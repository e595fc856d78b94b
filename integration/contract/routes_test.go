package contract_test

import (
	"strings"

	"pfsd/integration/harness"
)

func routeSentences() []sentence {
	return []sentence{
		{"UploadsAreFoundWithoutAKey", withoutKey},
		{"UploadRequestsAreNoBucketRequests", uploadsAreNoBuckets},
		{"NoRedirectsNorAutomaticAnswers", noRedirects},
		{"OtherSubresourcesAreNotImplemented", otherSubresources},
	}
}

// noise returns n random bytes that follow from the seed.
func noise(seed uint64, n int) []byte { return harness.Bytes(seed, n) }

func withoutKey(d *door) {
	d.make()
	bucket := "/" + d.bucket
	id := d.create("k")
	etag := d.want(200, "", "PUT", bucket+"?partNumber=1&uploadId="+id, "x").Get("Etag")
	d.is("parts", d.want(200, "", "GET", bucket+"?uploadId="+id, "").element("Key"), "k")
	d.want(200, "", "POST", bucket+"?uploadId="+id, completion(etag))
	d.is("the object", d.get("k"), "x")
	id = d.create("k")
	d.want(204, "", "DELETE", bucket+"?uploadId="+id, "")
	unknown := strings.Repeat("1", 32)
	d.want(404, "NoSuchUpload", "PUT", bucket+"?partNumber=1&uploadId="+unknown, "x")
	d.want(404, "NoSuchUpload", "GET", bucket+"?uploadId="+unknown, "")
	d.want(404, "NoSuchUpload", "POST", bucket+"?uploadId="+unknown, completion(etag))
	d.want(404, "NoSuchUpload", "DELETE", bucket+"?uploadId="+unknown, "")
	d.want(400, "InvalidRequest", "POST", bucket+"?uploads", "")
}

func uploadsAreNoBuckets(d *door) {
	d.make()
	for _, query := range []string{"uploadId=1", "partNumber=1", "uploads", "uploads=", "partNumber", "uploadId"} {
		for _, method := range []string{"PUT", "DELETE"} {
			for _, bucket := range []string{"/" + d.bucket, "/fresh" + d.bucket} {
				a, err := d.try(method, bucket+"?"+query, nil)
				if err != nil || a.status < 400 {
					d.Errorf("%s %s?%s: %v %v", method, bucket, query, a, err)
				}
			}
		}
	}
	d.want(200, "", "HEAD", "/"+d.bucket, "")
	d.want(404, "", "HEAD", "/fresh"+d.bucket, "")
}

func noRedirects(d *door) {
	d.make()
	d.put("a/b", "x")
	d.want(200, "", "GET", "/"+d.bucket+"/", "")
	d.want(400, "InvalidArgument", "PUT", "/"+d.bucket+"//a", "x")
	d.want(404, "NoSuchKey", "GET", d.path("a//b"), "")
	d.want(404, "NoSuchKey", "GET", d.path("A/b"), "")
	d.want(404, "NoSuchKey", "GET", d.path("a/b/"), "")
	d.want(405, "MethodNotAllowed", "PATCH", d.path("a/b"), "")
	a := d.want(403, "AccessForbidden", "OPTIONS", d.path("a/b"), "", "Origin", "http://example.com",
		"Access-Control-Request-Method", "GET")
	d.is("an automatic Allow", a.Get("Allow"), "")
}

func otherSubresources(d *door) {
	d.make()
	d.put("k", "x")
	for _, name := range []string{"inventory", "analytics", "metrics", "frobnicate", "lifecycle", "policy", "torrent"} {
		for _, method := range []string{"PUT", "DELETE"} {
			d.want(501, "NotImplemented", method, d.path("k?"+name), "y")
			d.want(501, "NotImplemented", method, "/"+d.bucket+"?"+name, "")
		}
	}
	d.is("the object", d.get("k"), "x")
	d.want(200, "", "HEAD", "/"+d.bucket, "")
}
