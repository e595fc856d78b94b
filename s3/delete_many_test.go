package s3_test

import (
	"strings"
	"testing"
)

type deleteAnswer struct {
	Deleted []struct {
		Key                   string
		DeleteMarker          bool
		DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId"`
	}
	Error []struct{ Key, Code, VersionID string }
}

func TestDeleteObjects(t *testing.T) {
	s := newServer(t)
	for _, key := range []string{"a", "b", "c", "d/e", "f", "sp%20ace"} {
		s.put("/data/"+key, "x")
	}
	before := s.put("/data/last", "x")
	body := `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object><Object><Key>missing</Key></Object>` +
		`<Object><Key>b</Key><VersionId>` + before + `</VersionId></Object><Object><Key>c</Key><ETag>"other"</ETag></Object>` +
		`<Object><Key>d/e</Key><ETag>` + etagOf("x") +
		`</ETag><Size>1</Size></Object><Object><Key>f</Key><Size>7</Size></Object>` +
		`<Object><Key>sp ace</Key></Object><Object><Key>x//y</Key></Object></Delete>`
	got := decode[deleteAnswer](t, s.want(200, "", "POST", "/data?delete", body))
	markers := map[string]string{}
	for _, d := range got.Deleted {
		markers[d.Key] = d.DeleteMarkerVersionID
		if d.DeleteMarker != (d.DeleteMarkerVersionID != "") {
			t.Errorf("deleted %+v", d)
		}
	}
	if len(markers) != 5 || markers["a"] == "" || markers["a"] != markers["d/e"] || markers["sp ace"] != markers["a"] ||
		markers["missing"] != "" {
		t.Errorf("deleted %v", markers)
	}
	failed := map[string]string{}
	for _, e := range got.Error {
		failed[e.Key] = e.Code
	}
	if len(failed) != 3 || failed["b"] != "NotImplemented" || failed["c"] != "PreconditionFailed" ||
		failed["f"] != "PreconditionFailed" {
		t.Errorf("failed %v", failed)
	}
	if got := strings.Join(s.list("").keys(), " "); got != "b c f last" {
		t.Errorf("left: %s", got)
	}
	s.want(200, "", "GET", "/"+before+".data/a", "")
	quiet := decode[deleteAnswer](t, s.want(200, "", "POST", "/data?delete",
		"<Delete><Quiet>true</Quiet><Object><Key>b</Key></Object></Delete>"))
	if len(quiet.Deleted) != 0 {
		t.Errorf("quiet: %+v", quiet)
	}
	again := decode[deleteAnswer](t, s.want(200, "", "POST", "/data?delete", "<Delete><Object><Key>b</Key></Object></Delete>"))
	if len(again.Deleted) != 1 || again.Deleted[0].DeleteMarker {
		t.Errorf("again: %+v", again)
	}
	s.want(400, "MalformedXML", "POST", "/data?delete", "<Delete></Delete>")
	s.want(400, "MalformedXML", "POST", "/data?delete", "")
	s.want(400, "MalformedXML", "POST", "/data?delete", "<Delete>"+strings.Repeat("<Object><Key>k</Key></Object>",
		1001)+"</Delete>")
	s.want(400, "MalformedXML", "POST", "/data?delete", "<Delete>"+strings.Repeat(" ", 9<<20)+"</Delete>")
	for _, body := range []string{
		"<Remove><Object><Key>c</Key></Object></Remove>", "<Delete><Object><Key>c</Key></Object></Delete>more",
		"<Delete><Object><Key>c</Key></Object><Object></Object></Delete>",
		"<Delete>" + strings.Repeat("<a>", 1<<20), "<Delete " + strings.Repeat(`a="" `, 1<<20) + "/>", "<Delete><Object",
		"<!DOCTYPE x [<!ENTITY c \"c\">]><Delete><Object><Key>&c;</Key></Object></Delete>",
	} {
		s.want(400, "MalformedXML", "POST", "/data?delete", body)
	}
	s.want(400, "BadDigest", "POST", "/data?delete", "<Delete><Object><Key>c</Key></Object></Delete>", "Content-MD5",
		"1B2M2Y8AsgTpgAmY7PhCfg==")
	s.want(404, "NoSuchBucket", "POST", "/missing?delete", "<Delete><Object><Key>c</Key></Object></Delete>")
	s.get("/data/c")
}
