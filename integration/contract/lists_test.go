package contract_test

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
)

func listSentences() []sentence {
	return []sentence{
		{"ListObjectsV1", listV1},
		{"ListObjectsV2", listV2},
		{"DirectoriesAreCommonPrefixes", commonPrefixes},
		{"OtherDelimitersAreRefused", otherDelimiters},
		{"EmptyDirectoriesAreListed", emptyDirectories},
		{"LastModifiedOfBranchOrObject", lastModified},
		{"StorageClassAndOwnerAreConstant", constants},
		{"MaxKeys", maxKeys},
		{"PagesConcatenate", pagesConcatenate},
		{"PrefixesInsideNames", prefixesInsideNames},
		{"KeysOfAllCharacters", allCharacters},
	}
}

func listV1(d *door) {
	d.make()
	for _, key := range []string{"a", "b/c", "d"} {
		d.put(key, "x")
	}
	a := d.want(200, "", "GET", "/"+d.bucket+"?marker=a&max-keys=1", "")
	d.is("keys", a.elements("Key"), "[b/c]")
	d.is("truncated", a.element("IsTruncated"), "true")
	d.is("marker", a.element("Marker"), "a")
	d.is("owner", a.element("DisplayName"), "pfsd")
	d.is("next marker", d.want(200, "", "GET", "/"+d.bucket+"?delimiter=/&max-keys=2", "").element("NextMarker"), "b/")
}

func listV2(d *door) {
	d.make()
	for _, key := range []string{"a b", "b", "c"} {
		d.put(url.PathEscape(key), "x")
	}
	list := "/" + d.bucket + "?list-type=2&"
	d.is("start-after", d.want(200, "", "GET", list+"start-after=a+b", "").elements("Key"), "[b c]")
	first := d.want(200, "", "GET", list+"max-keys=1&encoding-type=url", "")
	d.is("first page", first.elements("Key"), "[a%20b]")
	d.is("count", first.element("KeyCount"), 1)
	rest := d.want(200, "", "GET", list+"continuation-token="+url.QueryEscape(first.element("NextContinuationToken")), "")
	d.is("rest", rest.elements("Key"), "[b c]")
	d.is("owner", rest.element("DisplayName"), "")
	d.is("owner", d.want(200, "", "GET", list+"fetch-owner=true", "").element("DisplayName"), "pfsd")
	d.want(400, "InvalidArgument", "GET", list+"continuation-token=!", "")
}

func commonPrefixes(d *door) {
	d.make()
	for _, key := range []string{"a", "b/c", "b/d/e", "f/g"} {
		d.put(key, "x")
	}
	d.is("at the root", d.keys("delimiter=/"), "a b/ f/")
	d.is("below", d.keys("delimiter=/&prefix=b/"), "b/c b/d/")
	d.is("without", d.keys(""), "a b/c b/d/e f/g")
}

func otherDelimiters(d *door) {
	d.make()
	a := d.want(400, "InvalidArgument", "GET", "/"+d.bucket+"?delimiter=-", "")
	d.is("the message", strings.Contains(a.body, "delimiter must be"), true)
	d.want(400, "InvalidArgument", "GET", "/"+d.bucket+"?list-type=2&delimiter=//", "")
}

func emptyDirectories(d *door) {
	d.make()
	d.put("a/b/", "")
	d.put("c", "x")
	d.is("grouped", d.keys("delimiter=/"), "c a/")
	d.is("in its parent", d.keys("delimiter=/&prefix=a/"), "a/b/")
	d.is("without a delimiter", d.keys(""), "a/b/ c")
	d.is("as the prefix", d.keys("prefix=a/b/"), "a/b/")
	d.is("as the prefix, grouped", d.keys("delimiter=/&prefix=a/b/"), "a/b/")
	d.is("size", d.want(200, "", "GET", "/"+d.bucket+"?prefix=a/b/", "").element("Size"), 0)
	d.put("a/b/x", "x")
	d.is("no longer empty", d.keys(""), "a/b/x c")
	d.is("no longer empty, as the prefix", d.keys("prefix=a/b/&delimiter=/"), "a/b/x")
}

func lastModified(d *door) {
	d.make()
	d.put("old", "x")
	times := func(url string) []string {
		return d.want(200, "", "GET", url+"/"+d.bucket+"?prefix=", "").elements("LastModified")
	}
	var version string
	for byObject := []string{"", ""}; byObject[0] == byObject[1]; { // until the two are a millisecond apart
		version = d.put("new", "x")
		if byObject = times(d.objectURL); byObject[0] < byObject[1] {
			d.Fatalf("by object: new at %s, old at %s", byObject[0], byObject[1])
		}
	}
	byBranch := times(d.url)
	d.is("by branch, both", byBranch[0], byBranch[1])
	modified := func(path string) string { return d.want(200, "", "HEAD", path, "").Get("Last-Modified") }
	d.is("by branch, old", modified(d.path("old")), modified(d.path("new")))
	d.is("in the commit", modified(d.path("old?versionId="+version)), modified("/"+version+"."+d.bucket+"/new"))
}

func constants(d *door) {
	d.make()
	d.put("k", "x")
	a := d.want(200, "", "GET", "/"+d.bucket, "")
	d.is("class", a.element("StorageClass"), "STANDARD")
	d.is("owner", a.element("ID")+a.element("DisplayName"), strings.Repeat("0", 64)+"pfsd")
}

// many makes n empty objects in one commit, and returns their keys in order.
func many(d *door, n int) []string {
	d.make()
	open := strings.Fields(d.pfsd("commit", "start", "master."+d.bucket))[0] + ".master." + d.bucket
	keys := make([]string, n)
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			for i := worker; i < n; i += 16 {
				keys[i] = fmt.Sprintf("d%d/k%04d", i%3, i)
				if a, err := d.try("PUT", "/"+open+"/"+keys[i], nil); err != nil || a.status != 200 {
					d.Errorf("%v %v", a, err)
				}
			}
		})
	}
	wg.Wait()
	d.pfsd("commit", "finish", open)
	slices.Sort(keys)
	return keys
}

func maxKeys(d *door) {
	keys := many(d, 1003)
	for max, want := range map[int]int{0: 0, 1: 1, 1000: 1000, 5000: 1000} {
		a := d.want(200, "", "GET", fmt.Sprintf("/%s?max-keys=%d", d.bucket, max), "")
		got := a.elements("Key")
		d.is(fmt.Sprint("max-keys=", max), got, keys[:want])
		d.is("truncated", a.element("IsTruncated"), max > 0)
	}
	d.want(400, "InvalidArgument", "GET", "/"+d.bucket+"?max-keys=-1", "")
}

func pagesConcatenate(d *door) {
	keys := many(d, 60)
	for size := 1; size <= 61; size++ {
		var all []string
		token := ""
		for {
			a := d.want(200, "", "GET", fmt.Sprintf("/%s?list-type=2&max-keys=%d&continuation-token=%s", d.bucket, size, token), "")
			all = append(all, a.elements("Key")...)
			if a.element("IsTruncated") == "false" {
				break
			}
			token = url.QueryEscape(a.element("NextContinuationToken"))
		}
		d.is(fmt.Sprint("pages of ", size), all, keys)
	}
}

func prefixesInsideNames(d *door) {
	d.make()
	for _, key := range []string{"photo-1", "photo-2/a", "photo/a", "phrase"} {
		d.put(key, "x")
	}
	d.is("keys", d.keys("prefix=pho"), "photo-1 photo-2/a photo/a")
	d.is("grouped", d.keys("prefix=photo-&delimiter=/"), "photo-1 photo-2/")
}

func allCharacters(d *door) {
	d.make()
	keys := []string{"\x01\x1f", " ", "%41+b", "A", "Z", "a&b<c>\"'", "ä", "é", "日本", "😀"}
	slices.Sort(keys)
	for _, key := range keys {
		d.put(url.PathEscape(key), key)
		d.is("the object", d.get(url.PathEscape(key)), key)
	}
	var plain []string
	for _, key := range d.want(200, "", "GET", "/"+d.bucket+"?encoding-type=url", "").elements("Key") {
		key, err := url.PathUnescape(key)
		if err != nil {
			d.Error(err)
		}
		plain = append(plain, key)
	}
	d.is("keys, encoded", fmt.Sprintf("%q", plain), fmt.Sprintf("%q", keys))
	// XML 1.0 has no control characters. A listing that is not encoded has references to them, as S3 writes them, so that no key
	// is listed that is not there. But for these it is XML, and its pages are whole.
	const references = "&#x1;&#x1f;"
	keys[0] = "references"
	var pages []string
	token := ""
	for {
		a := d.want(200, "", "GET", "/"+d.bucket+"?list-type=2&max-keys=1&continuation-token="+token, "")
		a.body = strings.ReplaceAll(a.body, references, keys[0])
		if err := xml.Unmarshal([]byte(a.body), new(struct{})); err != nil {
			d.Error(err)
		}
		pages = append(pages, a.elements("Key")...)
		if token = url.QueryEscape(a.element("NextContinuationToken")); token == "" {
			break
		}
	}
	d.is("keys, plain", fmt.Sprintf("%q", pages), fmt.Sprintf("%q", keys))
}
