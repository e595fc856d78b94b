package contract_test

import (
	"fmt"
	"strings"
)

func deleteSentences() []sentence {
	return []sentence{
		{"DeleteIsAnAtomicCommit", deleteObject},
		{"DeleteOfNothing", deleteNothing},
		{"DeleteConditions", deleteConditions},
		{"DeleteOfAVersionIsRefused", deleteVersion},
		{"DeleteOfAVersionAmongObjects", deleteVersionAmong},
		{"DeleteObjectsIsOneCommit", deleteObjects},
	}
}

func deleteObject(d *door) {
	d.make()
	d.put("a/k", "x")
	before := d.commits()
	a := d.want(204, "", "DELETE", d.path("a/k"), "")
	d.is("marker", a.Get("X-Amz-Delete-Marker"), "true")
	d.is("commits", d.commits()-before, 1)
	d.is("the id", strings.Fields(d.pfsd("log", "-q", d.bucket))[0], a.Get("X-Amz-Version-Id"))
	d.want(404, "NoSuchKey", "GET", d.path("a/k"), "")
	d.is("keys", d.keys(""), "")
}

func deleteNothing(d *door) {
	d.make()
	before := d.commits()
	a := d.want(204, "", "DELETE", d.path("missing"), "")
	d.is("marker", a.Get("X-Amz-Delete-Marker")+a.Get("X-Amz-Version-Id"), "")
	d.is("commits", d.commits()-before, 0)
	d.want(404, "NoSuchBucket", "DELETE", "/missing/k", "")
}

func deleteConditions(d *door) {
	d.make()
	d.put("k", "x")
	d.want(412, "PreconditionFailed", "DELETE", d.path("k"), "", "If-Match", etagOf("y"))
	d.want(204, "", "DELETE", d.path("k"), "", "If-Match", etagOf("x"))
	d.want(412, "PreconditionFailed", "DELETE", d.path("k"), "", "If-Match", etagOf("x"))
	d.want(404, "NoSuchKey", "DELETE", d.path("never"), "", "If-Match", "*")
}

func deleteVersion(d *door) {
	d.make()
	id := d.put("k", "x")
	a := d.want(501, "NotImplemented", "DELETE", d.path("k?versionId="+id), "")
	d.is("the message", strings.Contains(a.body, "Delete the object, without a versionId"), true)
	d.is("the object", d.get("k"), "x")
}

func deleteVersionAmong(d *door) {
	d.make()
	id := d.put("a", "x")
	d.put("b", "x")
	a := d.want(200, "", "POST", "/"+d.bucket+"?delete",
		"<Delete><Object><Key>a</Key><VersionId>"+id+"</VersionId></Object><Object><Key>b</Key></Object></Delete>")
	d.is("errors", a.elements("Code"), "[NotImplemented]")
	d.is("keys", a.elements("Key"), "[b a]")
	d.is("left", d.keys(""), "a")
}

func deleteObjects(d *door) {
	keys := many(d, 1000)
	before := d.commits()
	request := func(quiet string, keys []string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "<Delete>%s", quiet)
		for _, key := range keys {
			fmt.Fprintf(&b, "<Object><Key>%s</Key></Object>", key)
		}
		return b.String() + "</Delete>"
	}
	d.want(400, "MalformedXML", "POST", "/"+d.bucket+"?delete", request("", append(keys, "more")))
	a := d.want(200, "", "POST", "/"+d.bucket+"?delete", request("", append(keys[:998:998], "missing")))
	d.is("deleted", len(a.elements("Deleted")), 999)
	d.is("markers", len(a.elements("DeleteMarkerVersionId")), 998)
	d.is("commits", d.commits()-before, 1)
	a = d.want(200, "", "POST", "/"+d.bucket+"?delete", request("<Quiet>true</Quiet>", keys[998:]))
	d.is("deleted, quietly", len(a.elements("Deleted")), 0)
	d.is("left", d.keys(""), "")
}
