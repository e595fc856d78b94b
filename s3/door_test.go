package s3_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/s3"
)

// write makes a file as a mount does: visible, and not yet in a commit.
func (s *server) write(path, body string, mtime int64) {
	s.t.Helper()
	ctx := context.Background()
	ingested, err := s.store.Ingest(ctx, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer ingested.Release()
	err = s.store.Apply(ctx, pfs.BranchRef("data", "master"), pfs.By{Origin: pfs.OriginMount}, func(tx *pfs.Tx) error {
		return tx.Create(path, pfs.Entry{Kind: pfs.EntryFile, Mode: 0o600, Content: ingested.Content, Mtime: mtime})
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// What a mount wrote is there at once, without a version id until it is in a commit, and with its own time.
func TestPendingChanges(t *testing.T) {
	s := newServer(t)
	s.put("/data/old", "x")
	s.write("note.txt", "hello", 1700000000500000000)
	a := s.want(200, "", "GET", "/data/note.txt", "")
	if a.body != "hello" || a.Header.Get("Etag") != etagOf("hello") || a.Header.Get("X-Amz-Version-Id") != "" ||
		a.Header.Get("X-Amz-Meta-Mtime") != "1700000000.5" || a.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("pending: %q %v", a.body, a.Header)
	}
	if a := s.want(200, "", "GET", "/data/old", ""); a.Header.Get("X-Amz-Version-Id") == "" {
		t.Error("a file that is in a commit has no version id")
	}
	s.want(404, "NoSuchKey", "GET", "/data/note.txt?versionId=HEAD", "")
	if got := strings.Join(s.list("").keys(), " "); got != "note.txt old" {
		t.Errorf("listed: %s", got)
	}
	s.put("/data/new", "x")
	a = s.want(200, "", "GET", "/data/note.txt", "")
	if a.Header.Get("X-Amz-Version-Id") == "" {
		t.Error("an Update did not cut what was pending")
	}
	if got := s.get("/data/note.txt?versionId=HEAD^"); got != "hello" {
		t.Errorf("in the commit before: %q", got)
	}
}

func TestLastModified(t *testing.T) {
	for name, mode := range map[string]s3.LastModified{"branch": s3.LastModifiedBranch, "object": s3.LastModifiedObject} {
		s := newServer(t, func(c *s3.Config) { c.LastModified = mode })
		modified := func(path string) string {
			t.Helper()
			head, get := s.want(200, "", "HEAD", path, "").Header, s.want(200, "", "GET", path, "").Header
			if head.Get("Last-Modified") != get.Get("Last-Modified") {
				t.Errorf("%s: HEAD says %v, GET %v", path, head, get)
			}
			s.want(304, "", "GET", path, "", "If-Modified-Since", head.Get("Last-Modified"))
			s.want(200, "", "GET", path, "", "If-Unmodified-Since", head.Get("Last-Modified"))
			return head.Get("Last-Modified")
		}
		first := s.put("/data/a", "1")
		before := modified("/data/a")
		s.clock.Add(time.Hour)
		s.put("/data/b", "2")
		changed := modified("/data/a") != before
		if changed != (mode == s3.LastModifiedBranch) {
			t.Errorf("%s: an object's time changed with the branch: %v", name, changed)
		}
		if got := modified("/data/a?versionId=" + first); got != before {
			t.Errorf("%s: time in the version %s, want %s", name, got, before)
		}
		for _, c := range s.list("").Contents {
			at, err := time.Parse(time.RFC3339, c.LastModified)
			if err != nil || at.Truncate(time.Second).Format(time.RFC1123)[:25] != modified("/data/" + c.Key)[:25] {
				t.Errorf("%s: %s listed with %s", name, c.Key, c.LastModified)
			}
		}
	}
}

func TestDashedETags(t *testing.T) {
	s := newServer(t, func(c *s3.Config) { c.ETag = s3.ETagDash })
	a := s.want(200, "", "PUT", "/data/k", "x")
	dashed := strings.TrimSuffix(etagOf("x"), `"`) + `-1"`
	if got := a.Header.Get("Etag"); got != dashed {
		t.Errorf("PUT: %s", got)
	}
	if got := s.list("").Contents[0].ETag; got != dashed {
		t.Errorf("LIST: %s", got)
	}
	for _, etag := range []string{dashed, etagOf("x")} {
		s.want(200, "", "GET", "/data/k", "", "If-Match", etag)
		s.want(304, "", "GET", "/data/k", "", "If-None-Match", etag)
		s.want(200, "", "PUT", "/data/k", "x", "If-Match", etag)
	}
	id := s.create("/data/parts")
	etag := s.part("/data/parts", id, 1, "x")
	if etag != dashed {
		t.Errorf("part: %s", etag)
	}
	s.want(200, "", "POST", "/data/parts?uploadId="+id, completion(etag))
}

func TestS3cmdObjects(t *testing.T) {
	s := newServer(t)
	const attributes = "atime:1/ctime:1/md5:5d41402abc4b2a76b9719d911017c592/mode:33188/mtime:1"
	s.want(200, "", "PUT", "/data/k", "hello", "x-amz-meta-s3cmd-attrs", attributes)
	if got := s.want(200, "", "HEAD", "/data/k", "").Header.Get("Etag"); !strings.HasSuffix(got, `-1"`) {
		t.Errorf("ETag %s", got)
	}
	id := s.create("/data/parts", "x-amz-meta-s3cmd-attrs", attributes)
	if got := s.part("/data/parts", id, 1, "x"); !strings.HasSuffix(got, `-1"`) {
		t.Errorf("ETag of a part %s", got)
	}
}

func TestMtimeIsOneValue(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x", "x-amz-meta-mtime", "1700000000.123456789")
	ref := pfs.BranchRef("data", "master")
	snapshot, err := s.store.Snapshot(context.Background(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := snapshot.Stat(context.Background(), "k"); err != nil || e.Mtime != 1700000000123456789 {
		t.Errorf("mtime %d, %v", e.Mtime, err)
	}
	err = s.store.Apply(context.Background(), ref, pfs.By{Origin: pfs.OriginMount}, func(tx *pfs.Tx) error {
		return tx.Edit("k", func(e *pfs.Entry) error {
			e.Mtime = 1600000000000000000
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.want(200, "", "HEAD", "/data/k", "").Header.Get("X-Amz-Meta-Mtime"); got != "1600000000" {
		t.Errorf("after a change in a mount: %s", got)
	}
}
