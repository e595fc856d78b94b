package integration_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestDashedETag sees that --etag=dash changes how an ETag looks and nothing else.
func TestDashedETag(t *testing.T) {
	s := harness.New(t)
	m := s.Mount("master.etag", "--create")
	client := s.S3("--etag=dash").Client(t)
	upload(t, client, "master.etag", "file", strings.NewReader("bytes"), 5)
	sum := s.B3sum(m.Path("file"))
	if got := etag(t, client, "master.etag", "file"); got != sum+"-1" {
		t.Errorf("ETag %s, b3sum %s", got, sum)
	}
	for _, tag := range []string{sum, sum + "-1"} {
		var o minio.StatObjectOptions
		if err := o.SetMatchETag(tag); err != nil {
			t.Fatal(err)
		}
		if _, err := client.StatObject(context.Background(), "master.etag", "file", o); err != nil {
			t.Errorf("If-Match: %s: %v", tag, err)
		}
	}
}

// TestLastModified sees whose time each of the two ways gives to an object.
func TestLastModified(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "times")
	byBranch, byObject := s.S3().Client(t), s.S3("--last-modified=object").Client(t)
	upload(t, byBranch, "master.times", "first", strings.NewReader("bytes"), 5)
	before := modified(t, byObject, "first")
	if got := modified(t, byBranch, "first"); !got.Equal(before) {
		t.Errorf("the only object is of %v by the branch, %v by itself", got, before)
	}
	upload(t, byBranch, "master.times", "second", strings.NewReader("bytes"), 5)
	if got := modified(t, byObject, "first"); !got.Equal(before) {
		t.Errorf("by itself, the first is of %v, was of %v", got, before)
	}
	if got, want := modified(t, byBranch, "first"), modified(t, byObject, "second"); !got.Equal(want) {
		t.Errorf("by the branch, the first is of %v, the last change of %v", got, want)
	}
}

// modified returns the LastModified of an object in the listing, which has the milliseconds.
func modified(t *testing.T, c *minio.Core, key string) time.Time {
	t.Helper()
	list, err := c.ListObjects("master.times", key, "", "", 1)
	if err != nil || len(list.Contents) != 1 {
		t.Fatalf("LIST of %s: %v, %v", key, list.Contents, err)
	}
	return list.Contents[0].LastModified
}
