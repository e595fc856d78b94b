package s3_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Who deletes what was read must not be told that it is done when the object has gone meanwhile.
func TestConditionalDeleteOfNothing(t *testing.T) {
	s := newServer(t)
	s.put("/data/gone", "x")
	s.want(204, "", "DELETE", "/data/gone", "", "If-Match", etagOf("x"))
	s.put("/data/dir/k", "x")
	for _, etag := range []string{"*", etagOf("x"), etagOf("x") + `, "y"`} {
		s.want(412, "PreconditionFailed", "DELETE", "/data/gone", "", "If-Match", etag)
		for _, key := range []string{"never", "never/", "dir", "a//b", "dir/k/below"} {
			s.want(404, "NoSuchKey", "DELETE", "/data/"+key, "", "If-Match", etag)
		}
	}
	const date = "Mon, 01 Jan 2001 00:00:00 GMT"
	for _, key := range []string{"gone", "never", "a//b"} {
		s.want(204, "", "DELETE", "/data/"+key, "")
		s.want(204, "", "DELETE", "/data/"+key, "", "x-amz-if-match-size", "5", "x-amz-if-match-last-modified-time", date)
	}
	s.put("/data/there", "x")
	items := ""
	for _, key := range []string{"gone", "never", "a//b", "there"} {
		items += "<Object><Key>" + key + "</Key><ETag>" + strings.Trim(etagOf("x"), `"`) + "</ETag></Object>"
	}
	a := s.want(200, "", "POST", "/data?delete", "<Delete>"+items+"<Object><Key>plain</Key></Object></Delete>")
	var got struct {
		Deleted []struct{ Key string }
		Error   []struct{ Key, Code, Message string }
	}
	if err := xml.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got.Deleted) != "[{there} {plain}]" || len(got.Error) != 3 || got.Error[0].Code != "PreconditionFailed" ||
		got.Error[1].Code != "NoSuchKey" || got.Error[2].Code != "NoSuchKey" || got.Error[0].Message == got.Error[1].Message {
		t.Errorf("got %+v", got)
	}
}

// The version that a removal is cannot be read, as itself or as the source of a copy, and says so.
func TestDeleteMarkersAreNotRead(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x")
	before := s.put("/data/other", "x")
	marker := s.want(204, "", "DELETE", "/data/k", "").Header.Get("X-Amz-Version-Id")
	s.clock.Add(time.Hour)
	after := s.put("/data/other", "y")
	check := func(a answer, id, modified string) {
		t.Helper()
		h := a.Header
		if h.Get("X-Amz-Delete-Marker") != "true" || h.Get("X-Amz-Version-Id") != id || (h.Get("Last-Modified") != "") != (modified != "") {
			t.Errorf("%s: %v", a.Request.URL, h)
		}
	}
	for _, query := range []string{"", "&partNumber=1"} {
		for _, method := range []string{"GET", "HEAD"} {
			check(s.want(405, "MethodNotAllowed", method, "/data/k?versionId="+marker+query, ""), marker, "yes")
			check(s.want(404, "NoSuchKey", method, "/data/k?versionId="+after+query, ""), marker, "")
		}
	}
	check(s.want(404, "NoSuchKey", "GET", "/data/k", ""), marker, "")
	check(s.want(404, "NoSuchKey", "GET", "/data/k?versionId=HEAD", ""), marker, "")
	check(s.want(405, "MethodNotAllowed", "GET", "/data/k?tagging&versionId="+marker, ""), marker, "yes")
	check(s.want(405, "MethodNotAllowed", "GET", "/data/k?acl&versionId="+marker, ""), marker, "yes")
	check(s.want(405, "MethodNotAllowed", "GET", "/data/k?attributes&versionId="+marker, "",
		"x-amz-object-attributes", "ETag"), marker, "yes")
	s.want(400, "InvalidRequest", "PUT", "/data/copy", "", "x-amz-copy-source", "data/k?versionId="+marker)
	s.want(404, "NoSuchKey", "PUT", "/data/copy", "", "x-amz-copy-source", "data/k")
	s.want(404, "NoSuchKey", "GET", "/data/never?versionId="+marker, "")
	if got := s.get("/data/k?versionId=" + before); got != "x" {
		t.Errorf("the version before is %q", got)
	}
}
