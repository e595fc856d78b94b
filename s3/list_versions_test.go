package s3_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

type versionsAnswer struct {
	NextKeyMarker       string
	NextVersionIDMarker string `xml:"NextVersionIdMarker"`
	IsTruncated         bool
	Entries             []versionAnswer `xml:",any"`
}

type versionAnswer struct {
	XMLName                 xml.Name
	Key                     string
	VersionID               string `xml:"VersionId"`
	IsLatest                bool
	LastModified, ETag      string
	Size                    int64
	StorageClass            string
	ChecksumAlgorithm       string
	Owner                   struct{ DisplayName string }
	Prefix, KeyMarker, Name string
}

// versions lists the versions of a bucket page by page: "KEY VERSION" of each, with "marker" behind delete markers and "*"
// behind the latest; common prefixes as they are.
func (s *server) versions(bucket, query string, size int) []string {
	s.t.Helper()
	var all []string
	marker := ""
	for {
		path := fmt.Sprintf("/%s?versions&max-keys=%d&%s%s", bucket, size, query, marker)
		a := decode[versionsAnswer](s.t, s.want(200, "", "GET", path, ""))
		var page, prefixes []string
		for _, e := range a.Entries {
			switch e.XMLName.Local {
			case "CommonPrefixes":
				prefixes = append(prefixes, e.Prefix)
			case "Version", "DeleteMarker":
				line := e.Key + " " + e.VersionID
				if e.XMLName.Local == "DeleteMarker" {
					line += " marker"
				}
				if e.IsLatest {
					line += " *"
				}
				page = append(page, line)
			}
		}
		if len(page)+len(prefixes) > size {
			s.t.Errorf("a page of %d has %d entries", size, len(page)+len(prefixes))
		}
		all = append(append(all, page...), prefixes...)
		if !a.IsTruncated {
			return all
		}
		marker = "&key-marker=" + url.QueryEscape(a.NextKeyMarker) + "&version-id-marker=" + a.NextVersionIDMarker
	}
}

func TestListVersions(t *testing.T) {
	s := newServer(t)
	remove := func(path string) string {
		return s.want(204, "", "DELETE", path, "").Header.Get("X-Amz-Version-Id")
	}
	a1, b1, a2 := s.put("/data/a", "1"), s.put("/data/d/b", "1"), s.put("/data/a", "2")
	b2 := remove("/data/d/b")
	c1 := s.put("/data/c/", "")
	a3 := s.want(200, "", "PUT", "/data/a?tagging", "<Tagging><TagSet></TagSet></Tagging>").Header.Get("X-Amz-Version-Id")
	e1 := s.put("/data/e/x", "1")
	all := []string{"a " + a3 + " *", "a " + a2, "a " + a1, "c/ " + c1 + " *", "d/b " + b2 + " marker *", "d/b " + b1,
		"e/x " + e1 + " *"}
	for _, tc := range []struct {
		query string
		want  []string
	}{
		{"", all},
		{"prefix=a", all[:3]},
		{"prefix=c", all[3:4]},
		{"prefix=c/", all[3:4]},
		{"prefix=c/&delimiter=/", all[3:4]},
		{"prefix=d/", all[4:6]},
		{"prefix=d/&delimiter=/", all[4:6]},
		{"delimiter=/&prefix=d", []string{"d/"}},
		{"key-marker=a", all[3:]},
		{"key-marker=c/&version-id-marker=" + c1, all[4:]},
		{"key-marker=c/&delimiter=/", []string{"d/", "e/"}},
		{"key-marker=c/&delimiter=/&prefix=c/", nil},
		{"key-marker=d/b&delimiter=/", []string{"e/"}},
		{"key-marker=a&version-id-marker=" + a3, all[1:]},
		{"key-marker=a&version-id-marker=" + a1, all[3:]},
		{"key-marker=a&version-id-marker=null", all},
		{"key-marker=d/b&version-id-marker=" + b2 + "&prefix=d/", all[5:6]},
		{"prefix=zz", nil}, {"prefix=/", nil}, {"prefix=%ff", nil}, {"prefix=a//", nil},
	} {
		for _, size := range []int{1, 2, 1000} {
			if strings.Contains(tc.query, "key-marker") && size < 1000 {
				continue
			}
			if got := s.versions("data", tc.query, size); !slices.Equal(got, tc.want) {
				t.Errorf("%q, pages of %d:\n got %q\nwant %q", tc.query, size, got, tc.want)
			}
		}
	}
	want := []string{"a " + a3 + " *", "a " + a2, "a " + a1, "c/", "d/", "e/"}
	for _, size := range []int{1, 2, 3, 1000} {
		if got := s.versions("data", "delimiter=/", size); !slices.Equal(got, want) {
			t.Errorf("grouped, pages of %d:\n got %q\nwant %q", size, got, want)
		}
	}
	// A commit is a bucket whose history ends there.
	want = []string{"a " + a2 + " *", "a " + a1, "d/b " + b1 + " *"}
	if got := s.versions(a2+".data", "", 1000); !slices.Equal(got, want) {
		t.Errorf("in a commit: %q, want %q", got, want)
	}
	if a := s.want(200, "", "GET", "/data?versions&max-keys=0", ""); strings.Contains(a.body, "<Version>") ||
		!strings.Contains(a.body, "<IsTruncated>false") {
		t.Error(a.body)
	}
	s.want(400, "InvalidArgument", "GET", "/data?versions&version-id-marker="+a1, "")
	s.want(400, "InvalidArgument", "GET", "/data?versions&key-marker=a&version-id-marker=x", "")
	s.want(400, "InvalidArgument", "GET", "/data?versions&key-marker=a&version-id-marker="+strings.Repeat("1", 32), "")
	s.want(400, "InvalidArgument", "GET", "/data?versions&delimiter=-", "")
	s.want(404, "NoSuchBucket", "GET", "/missing?versions", "")
}

// What the listing says of a version is what HEAD says of it.
func TestListedVersionsAreWhatHeadSays(t *testing.T) {
	s := newServer(t)
	for _, body := range []string{"1", "22", "333"} {
		s.put("/data/a%20b", body, "x-amz-meta-s3cmd-attrs", "x")
	}
	s.put("/data/c/", "")
	s.put("/data/d", "plain")
	s.put("/data/d", "with a checksum", "x-amz-checksum-sha256", checksumOf(checksum.SHA256, "with a checksum"))
	a := decode[versionsAnswer](t, s.want(200, "", "GET", "/data?versions&encoding-type=url", ""))
	n := 0
	for _, e := range a.Entries {
		if e.XMLName.Local != "Version" {
			continue
		}
		n++
		h := s.want(200, "", "HEAD", "/data/"+e.Key+"?versionId="+e.VersionID, "")
		if h.Header.Get("Etag") != e.ETag || h.ContentLength != e.Size || h.Header.Get("X-Amz-Version-Id") != e.VersionID ||
			e.StorageClass != "STANDARD" ||
			e.Key == "d" && e.Size > 5 && e.ChecksumAlgorithm != "SHA256" || e.Owner.DisplayName != "pfsd" {
			t.Errorf("%+v, and HEAD says %v", e, h.Header)
		}
	}
	if n != 6 {
		t.Errorf("%d versions", n)
	}
}

// checksumOf returns a checksum as headers have it.
func checksumOf(a checksum.Algorithm, data string) string {
	h := a.New()
	h.Write([]byte(data))
	return checksum.Encode(h.Sum(nil))
}

// What is in no commit yet is the version "null", which is the latest; all that is older is not.
func TestListVersionsWithPendingChanges(t *testing.T) {
	s := newServer(t)
	a1, b1 := s.put("/data/a", "1"), s.put("/data/b", "1")
	s.write("c", "new", 1)
	master, mount := pfs.BranchRef("data", "master"), pfs.By{Origin: pfs.OriginMount}
	err := s.store.Apply(context.Background(), master, mount, func(tx *pfs.Tx) error {
		if err := tx.Remove("a"); err != nil {
			return err
		}
		return tx.Edit("b", func(e *pfs.Entry) error { e.Mode = 0o600; return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a null marker *", "a " + a1, "b null *", "b " + b1, "c null *"}
	for _, size := range []int{1, 2, 1000} {
		if got := s.versions("data", "", size); !slices.Equal(got, want) {
			t.Errorf("pages of %d: %q, want %q", size, got, want)
		}
	}
	if got := s.get("/data/c?versionId=null"); got != "new" {
		t.Errorf("the version null is %q", got)
	}
	if a := s.want(200, "", "HEAD", "/data/c?versionId=null", ""); a.Header.Get("X-Amz-Version-Id") != "null" {
		t.Error(a.Header)
	}
	s.want(405, "MethodNotAllowed", "GET", "/data/a?versionId=null", "")
	s.put("/data/d", "1") // commits what is pending before
	s.want(404, "NoSuchVersion", "GET", "/data/c?versionId=null", "")
	if got := s.versions("data", "prefix=b", 1000); len(got) != 2 || got[1] != "b "+b1 || strings.Contains(got[0], "null") {
		t.Errorf("once it is in a commit: %q", got)
	}
}

// The latest versions that are no delete markers are the keys that ListObjects lists, whatever the page size.
func TestLatestVersionsAreTheListedKeys(t *testing.T) {
	s := newServer(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		bucket := fmt.Sprintf("v%d.data", round)
		s.want(200, "", "PUT", "/"+bucket, "")
		name := rapid.SampledFrom([]string{"a", "b/", "b/c", "b-", "b/d/e", "b/d/", "b0"})
		for range rapid.IntRange(1, 14).Draw(rt, "steps") {
			path := "/" + bucket + "/" + name.Draw(rt, "key")
			if rapid.Bool().Draw(rt, "put") {
				s.do("PUT", path, "")
			} else {
				s.do("DELETE", path, "")
			}
		}
		prefix := rapid.SampledFrom([]string{"", "b", "b/", "b/d"}).Draw(rt, "prefix")
		size := rapid.IntRange(1, 4).Draw(rt, "size")
		var latest []string
		all := s.versions(bucket, "prefix="+prefix, size)
		for _, line := range all {
			if key, rest, _ := strings.Cut(line, " "); strings.HasSuffix(rest, "*") && !strings.Contains(rest, "marker") {
				latest = append(latest, key)
			}
		}
		if want := s.pages(bucket, prefix, "", false, false, 1000); !slices.Equal(latest, want) {
			rt.Fatalf("prefix %q, pages of %d: latest %q, listed %q", prefix, size, latest, want)
		}
		if whole := s.versions(bucket, "prefix="+prefix, 1000); !slices.Equal(whole, all) {
			rt.Fatalf("prefix %q, pages of %d make %q, not %q", prefix, size, all, whole)
		}
		var grouped []string
		for _, line := range all {
			key, _, _ := strings.Cut(line, " ")
			if i := strings.IndexByte(key[len(prefix):], '/'); i >= 0 {
				line = key[:len(prefix)+i+1]
			}
			if !slices.Contains(grouped, line) {
				grouped = append(grouped, line)
			}
		}
		got := s.versions(bucket, "delimiter=/&prefix="+prefix, size)
		slices.Sort(grouped)
		slices.Sort(got)
		if !slices.Equal(got, grouped) {
			rt.Fatalf("grouped, prefix %q, pages of %d: %q, want %q", prefix, size, got, grouped)
		}
	})
}
