package s3_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pfsd/pfs"
)

type listAnswer struct {
	Name, Prefix, Delimiter, Marker, NextMarker, NextContinuationToken, StartAfter, EncodingType string

	ContinuationToken *string
	MaxKeys, KeyCount int
	IsTruncated       bool
	Contents          []struct {
		Key, LastModified, ETag, StorageClass string
		Size                                  int64
		Owner                                 *struct{ ID string }
	}
	CommonPrefixes []struct{ Prefix string }
}

// keys returns keys and common prefixes in one order.
func (a listAnswer) keys() []string {
	var keys []string
	for _, c := range a.Contents {
		keys = append(keys, c.Key)
	}
	for _, p := range a.CommonPrefixes {
		keys = append(keys, p.Prefix)
	}
	slices.Sort(keys)
	return keys
}

func (s *server) list(query string) listAnswer {
	s.t.Helper()
	return decode[listAnswer](s.t, s.want(200, "", "GET", "/data?"+query, ""))
}

func TestList(t *testing.T) {
	s := newServer(t)
	for _, key := range []string{"a-b", "a/b/c", "a/b/d", "a/x", "a0"} {
		s.put("/data/"+key, "x")
	}
	s.put("/data/b/", "")
	s.put("/data/c/d/", "")
	for _, tc := range []struct {
		query string
		want  string
	}{
		{"", "a-b a/b/c a/b/d a/x a0 b/ c/d/"},
		{"delimiter=/", "a-b a/ a0 b/ c/"},
		{"prefix=a", "a-b a/b/c a/b/d a/x a0"},
		{"prefix=a&delimiter=/", "a-b a/ a0"},
		{"prefix=a/", "a/b/c a/b/d a/x"},
		{"prefix=a/&delimiter=/", "a/b/ a/x"},
		{"prefix=a/b&delimiter=/", "a/b/"},
		{"prefix=a/b/&delimiter=/", "a/b/c a/b/d"},
		{"prefix=b/", "b/"},
		{"prefix=b/&delimiter=/", "b/"},
		{"prefix=b&delimiter=/", "b/"},
		{"prefix=c/&delimiter=/", "c/d/"},
		{"prefix=c/d&delimiter=/", "c/d/"},
		{"prefix=c/d/&delimiter=/", "c/d/"},
		{"prefix=a-b/&delimiter=/", ""},
		{"prefix=zz", ""},
		{"prefix=a//b", ""},
		{"prefix=/", ""},
		{"prefix=/&delimiter=/", ""},
		{"prefix=%ff", ""},
		{"prefix=a%00", ""},
		{"marker=a/b/c", "a/b/d a/x a0 b/ c/d/"},
		{"marker=a/b/c&delimiter=/", "a/ a0 b/ c/"},
		{"marker=a/&delimiter=/", "a0 b/ c/"},
		{"marker=a/x&delimiter=/", "a0 b/ c/"},
		{"marker=a/b/c&delimiter=/&prefix=a/", "a/b/ a/x"},
		{"marker=a/b/d&delimiter=/&prefix=a/", "a/x"},
		{"marker=z&delimiter=/&prefix=a/", ""},
		{"marker=A&delimiter=/&prefix=a/", "a/b/ a/x"},
		{"marker=b/&prefix=b/&delimiter=/", ""},
		{"max-keys=0", ""},
	} {
		if got := strings.Join(s.list(tc.query).keys(), " "); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.query, got, tc.want)
		}
	}
	a := s.list("max-keys=2&delimiter=/")
	if !a.IsTruncated || a.NextMarker != "a/" || a.MaxKeys != 2 {
		t.Errorf("first page %+v", a)
	}
	b := s.list("list-type=2&max-keys=3&start-after=a-b&continuation-token=")
	if b.KeyCount != 3 || b.ContinuationToken == nil || b.NextContinuationToken == "" || b.StartAfter != "a-b" ||
		b.Contents[0].Owner != nil {
		t.Errorf("first page of v2 %+v", b)
	}
	if b := s.list("list-type=2&fetch-owner=true"); b.Contents[0].Owner == nil || b.Contents[0].ETag != etagOf("x") ||
		b.Contents[0].Size != 1 || b.Contents[0].StorageClass != "STANDARD" {
		t.Errorf("contents %+v", b.Contents[0])
	}
	s.want(400, "InvalidArgument", "GET", "/data?delimiter=-", "")
	s.want(400, "InvalidArgument", "GET", "/data?max-keys=-1", "")
	s.want(400, "InvalidArgument", "GET", "/data?max-keys=x", "")
	s.want(400, "InvalidArgument", "GET", "/data?encoding-type=base64", "")
	s.want(400, "InvalidArgument", "GET", "/data?list-type=2&continuation-token=!", "")
	s.want(400, "InvalidArgument", "GET", "/data?list-type=3", "")
	s.want(404, "NoSuchBucket", "GET", "/missing", "")
}

func TestListEncoding(t *testing.T) {
	s := newServer(t)
	s.put("/data/a%20b+c%2Bd%01/x", "x")
	a := s.list("encoding-type=url&prefix=a%20b&delimiter=/")
	if a.EncodingType != "url" || a.Prefix != "a%20b" || a.CommonPrefixes[0].Prefix != "a%20b%2Bc%2Bd%01/" || a.Delimiter != "/" {
		t.Errorf("%+v", a)
	}
	if a := s.list("encoding-type=url"); a.Contents[0].Key != "a%20b%2Bc%2Bd%01/x" {
		t.Errorf("%+v", a)
	}
	// Without encoding a control character is a reference, as in S3: another key would be none that is there.
	for query, want := range map[string]string{
		"": "<Key>a b+c+d&#x1;/x</Key>", "delimiter=/": "<Prefix>a b+c+d&#x1;/</Prefix>", "prefix=a%20b%2Bc%2Bd%01": "<Prefix>a b+c+d&#x1;</Prefix>",
		"versions": "<Key>a b+c+d&#x1;/x</Key>",
	} {
		if got := s.get("/data?" + query); !strings.Contains(got, want) {
			t.Errorf("%q: no %s in %s", query, want, got)
		}
	}
}

// Entries that S3 does not see leave their directory empty for it.
func TestListAroundOtherEntries(t *testing.T) {
	s := newServer(t)
	s.put("/data/dir/", "")
	_, err := s.store.Update(context.Background(), pfs.BranchRef("data", "master"), pfs.By{Origin: pfs.OriginCLI},
		func(tx *pfs.Tx) error {
			for _, name := range []string{"dir/link", "link"} {
				if err := tx.Create(name, pfs.Entry{Kind: pfs.EntrySymlink, Target: "x", Mode: 0o777}); err != nil {
					return err
				}
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"": "dir/", "delimiter=/": "dir/", "prefix=dir/": "dir/", "prefix=dir/&delimiter=/": "dir/", "prefix=dir/l": "", "prefix=l": "",
	} {
		if got := strings.Join(s.list(query).keys(), " "); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	s.want(404, "NoSuchKey", "GET", "/data/link", "")
	s.want(204, "", "DELETE", "/data/link", "")
	s.want(409, "ObjectParentIsFile", "PUT", "/data/link/below", "x")
	s.put("/data/link", "a file now")
	if got := s.get("/data/link"); got != "a file now" {
		t.Errorf("PUT over a symlink: %q", got)
	}
}

// expected returns what a listing of these objects must give, from the definition of S3: keys are grouped by what is up to
// the delimiter, and what is not behind the marker is left out.
func expected(keys []string, prefix, marker string, grouped bool) []string {
	var out []string
	for _, key := range keys {
		rest, found := strings.CutPrefix(key, prefix)
		if !found || key <= marker {
			continue
		}
		if i := strings.IndexByte(rest, '/'); grouped && i >= 0 {
			key = prefix + rest[:i+1]
			if key == marker {
				continue
			}
		}
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// For random sets of keys, pages of any size concatenate to what the definition gives, from any marker, in both versions.
func TestListPagesConcatenate(t *testing.T) {
	s := newServer(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		bucket := fmt.Sprintf("b%d.data", round)
		s.want(200, "", "PUT", "/"+bucket, "")
		keys := drawKeys(rt)
		for _, key := range keys {
			s.put("/"+bucket+"/"+key, "")
		}
		name := rapid.SampledFrom([]string{"", "a", "b", "a/", "b/", "a/a", "a/b/", "a-", "c/"})
		prefix, marker := name.Draw(rt, "prefix"), name.Draw(rt, "marker")
		grouped, v2 := rapid.Bool().Draw(rt, "grouped"), rapid.Bool().Draw(rt, "v2")
		size := rapid.IntRange(1, 5).Draw(rt, "size")
		want := expected(keys, prefix, marker, grouped)
		got := s.pages(bucket, prefix, marker, grouped, v2, size)
		if !slices.Equal(got, want) {
			rt.Fatalf("keys %q, prefix %q, marker %q, grouped %v, v2 %v, pages of %d:\n got %q\nwant %q", keys, prefix, marker,
				grouped, v2, size, got, want)
		}
	})
}

// drawKeys returns a sorted set of keys of which no path is both a file and a directory.
func drawKeys(rt *rapid.T) []string {
	component := rapid.SampledFrom([]string{"a", "b", "a-", "a0", "c"})
	files, dirs := map[string]bool{}, map[string]bool{}
	for range rapid.IntRange(0, 12).Draw(rt, "count") {
		parts := rapid.SliceOfN(component, 1, 4).Draw(rt, "key")
		fits := !dirs[strings.Join(parts, "/")]
		for i := 1; i < len(parts); i++ {
			fits = fits && !files[strings.Join(parts[:i], "/")]
		}
		if !fits {
			continue
		}
		files[strings.Join(parts, "/")] = true
		for i := 1; i < len(parts); i++ {
			dirs[strings.Join(parts[:i], "/")] = true
		}
	}
	var keys []string
	for key := range files {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// pages lists page by page, as a client does.
func (s *server) pages(bucket, prefix, marker string, grouped, v2 bool, size int) []string {
	query := url.Values{"prefix": {prefix}, "max-keys": {fmt.Sprint(size)}}
	if grouped {
		query.Set("delimiter", "/")
	}
	if v2 {
		query.Set("list-type", "2")
		query.Set("start-after", marker)
	} else {
		query.Set("marker", marker)
	}
	var all []string
	for {
		a := decode[listAnswer](s.t, s.want(200, "", "GET", "/"+bucket+"?"+query.Encode(), ""))
		page := a.keys()
		all = append(all, page...)
		switch {
		case !a.IsTruncated:
			return all
		case v2:
			query.Set("continuation-token", a.NextContinuationToken)
		case a.NextMarker != "":
			query.Set("marker", a.NextMarker)
		default:
			query.Set("marker", page[len(page)-1])
		}
	}
}
