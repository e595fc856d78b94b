package s3_test

import (
	"fmt"
	"strings"
	"testing"
)

// The tags of a bucket are a setting of its branch: they make no commit, and go with the branch.
func TestBucketTags(t *testing.T) {
	s := newServer(t)
	version := s.put("/data/k", "x")
	s.want(404, "NoSuchTagSet", "GET", "/data?tagging", "")
	set := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<Tag><Key>k%d</Key><Value>v</Value></Tag>", i)
		}
		return "<Tagging><TagSet>" + b.String() + "</TagSet></Tagging>"
	}
	s.want(204, "", "PUT", "/data?tagging", set(50))
	for _, bucket := range []string{"/data", "/master.data", "/" + version + ".master.data"} {
		if got := s.get(bucket + "?tagging"); strings.Count(got, "<Key>k") != 50 || !strings.Contains(got, "<TagSet><Tag><Key>k0</Key>") {
			t.Errorf("%s: %s", bucket, got)
		}
	}
	s.want(400, "BadRequest", "PUT", "/data?tagging", set(51))
	s.want(400, "MalformedXML", "PUT", "/data?tagging", "")
	s.want(400, "InvalidTag", "PUT", "/data?tagging", strings.Replace(set(2), "k1", "k0", 1))
	s.want(405, "MethodNotAllowed", "PUT", "/"+version+".data?tagging", set(1))
	s.want(404, "NoSuchBucket", "PUT", "/none?tagging", set(1))
	s.want(204, "", "DELETE", "/data?tagging", "")
	s.want(404, "NoSuchTagSet", "GET", "/data?tagging", "")
	s.want(200, "", "PUT", "/made", "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>"+
		"</CreateBucketConfiguration>")
	if got := s.get("/made?tagging"); !strings.Contains(got, "<Key>a</Key><Value>b</Value>") {
		t.Error(got)
	}
	if got := s.get("/data/k?versionId=HEAD"); got != "x" {
		t.Error("tags made a commit")
	}
}
