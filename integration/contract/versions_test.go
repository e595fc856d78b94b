package contract_test

import (
	"fmt"
	"strings"
	"time"
)

func versionSentences() []sentence {
	return []sentence{
		{"ListObjectVersionsIsTheHistory", listVersions},
		{"VersionIdIsTheCommit", versionIsCommit},
		{"DeleteMarkersAndIsLatest", deleteMarkers},
		{"VersionsByPrefixAndDelimiter", versionsGrouped},
		{"VersionMarkers", versionMarkers},
		{"VersionsOfOneKeyCostTheSame", versionsCost},
	}
}

// versions lists "KEY VERSION" of all versions, with "deleted" and "latest" behind those that are.
func (d *door) versions(query string) []string {
	d.Helper()
	a := d.want(200, "", "GET", "/"+d.bucket+"?versions&"+query, "")
	return versionLines(a)
}

func versionLines(a answer) []string {
	var lines []string
	for _, piece := range strings.Split(a.body, "<Key>")[1:] {
		before := a.body[:strings.Index(a.body, "<Key>"+piece)]
		field := func(name string) string {
			_, rest, _ := strings.Cut(piece, "<"+name+">")
			value, _, _ := strings.Cut(rest, "<")
			return value
		}
		key, _, _ := strings.Cut(piece, "<")
		line := key + " " + field("VersionId")
		if strings.HasSuffix(before, "<DeleteMarker>") {
			line += " deleted"
		}
		if field("IsLatest") == "true" {
			line += " latest"
		}
		lines = append(lines, line)
	}
	return lines
}

func listVersions(d *door) {
	d.make()
	one, two, other := d.put("k", "1"), d.put("k", "2"), d.put("a", "x")
	d.is("versions", d.versions(""), []string{"a " + other + " latest", "k " + two + " latest", "k " + one})
	for i, id := range []string{one, two} {
		d.is("the version", d.get("k?versionId="+id), i+1)
	}
}

func versionIsCommit(d *door) {
	d.make()
	id := d.put("k", "x")
	d.is("the newest commit", strings.Fields(d.pfsd("log", "-q", d.bucket))[0], id)
	d.is("the commit as a bucket", d.want(200, "", "GET", "/"+id+"."+d.bucket+"/k", "").body, "x")
	d.is("HEAD", d.want(200, "", "HEAD", d.path("k"), "").Get("X-Amz-Version-Id"), id)
}

func deleteMarkers(d *door) {
	d.make()
	one := d.put("k", "1")
	gone := d.want(204, "", "DELETE", d.path("k"), "").Get("X-Amz-Version-Id")
	d.is("deleted", d.versions(""), []string{"k " + gone + " deleted latest", "k " + one})
	a := d.want(404, "NoSuchKey", "GET", d.path("k"), "")
	d.is("the marker", a.Get("X-Amz-Delete-Marker")+" "+a.Get("X-Amz-Version-Id"), "true "+gone)
	two := d.put("k", "2")
	d.is("made again", d.versions(""), []string{"k " + two + " latest", "k " + gone + " deleted", "k " + one})
}

func versionsGrouped(d *door) {
	d.make()
	one := d.put("a/1", "x")
	d.put("b/2", "x")
	d.want(204, "", "DELETE", d.path("b/2"), "")
	three := d.put("c", "x")
	d.is("prefix", d.versions("prefix=a/"), []string{"a/1 " + one + " latest"})
	a := d.want(200, "", "GET", "/"+d.bucket+"?versions&delimiter=/", "")
	d.is("grouped", fmt.Sprint(versionLines(a), a.prefixes()), "[c "+three+" latest] [a/ b/]")
}

func versionMarkers(d *door) {
	d.make()
	var want []string
	for _, key := range []string{"a", "b"} {
		latest := " latest"
		var lines []string
		for range 3 {
			lines = append(lines, key+" "+d.put(key, "x"))
		}
		for i := range lines {
			want = append(want, lines[len(lines)-1-i]+latest)
			latest = ""
		}
	}
	for size := 1; size <= 7; size++ {
		var all []string
		markers := ""
		for {
			a := d.want(200, "", "GET", fmt.Sprintf("/%s?versions&max-keys=%d%s", d.bucket, size, markers), "")
			all = append(all, versionLines(a)...)
			if a.element("IsTruncated") == "false" {
				break
			}
			markers = "&key-marker=" + a.element("NextKeyMarker") + "&version-id-marker=" + a.element("NextVersionIdMarker")
		}
		d.is(fmt.Sprint("pages of ", size), all, want)
	}
}

// versionsCost overwrites a key a thousand times in two branches, one of which has a hundred times as many commits. Without
// PFSD_FULL there are fewer, and only that all versions are found is looked at: the rows that are read are counted by a test
// of the core.
func versionsCost(d *door) {
	versions, others := 50, 10
	if full() {
		versions, others = 1000, 99
	}
	list := func(bucket string) time.Duration {
		best := time.Hour
		for range 9 {
			start := time.Now()
			a := d.want(200, "", "GET", "/"+bucket+"?versions&prefix=often", "")
			best = min(best, time.Since(start))
			d.is("versions", len(versionLines(a)), versions)
		}
		return best
	}
	var took []time.Duration
	for i, each := range []int{0, others} {
		bucket := fmt.Sprint(d.bucket, i)
		d.want(200, "", "PUT", "/"+bucket, "")
		for i := range versions {
			d.want(200, "", "PUT", "/"+bucket+"/often", "x")
			for j := range each {
				d.want(200, "", "PUT", fmt.Sprintf("/%s/d/%d", bucket, i*each+j), "x")
			}
		}
		took = append(took, list(bucket))
	}
	d.Logf("%d versions among %d commits: %v; among %d: %v", versions, versions, took[0], versions*(others+1), took[1])
}
