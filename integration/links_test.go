package integration_test

import (
	"context"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestHardLinks makes names of one file in a mount, and reads, replaces, copies and deletes them through S3; kills the server,
// and takes them through an archive.
func TestHardLinks(t *testing.T) {
	s := harness.New(t)
	m := s.Mount("master.linked", "--create")
	door := s.S3()
	client := door.Client(t)
	const bucket = "master.linked"
	sh := func(script string) {
		t.Helper()
		cmd := s.Command("sh", "-euc", script)
		cmd.Dir = m.Dir
		s.Run(cmd)
	}
	want := func(key, text string, names uint64) {
		t.Helper()
		if got := string(fetch(t, client, bucket, key, "")); got != text {
			t.Errorf("S3 has %q at %s, want %q", got, key, text)
		}
		var st syscall.Stat_t
		if err := syscall.Stat(m.Path(key), &st); err != nil || uint64(st.Nlink) != names {
			t.Errorf("%s has %d names, want %d (%v)", key, st.Nlink, names, err)
		}
		if got, err := os.ReadFile(m.Path(key)); string(got) != text {
			t.Errorf("the mount has %q at %s, want %q (%v)", got, key, text, err)
		}
	}
	sh("mkdir d && echo one > a && ln a d/b && ln a c")
	want("a", "one\n", 3)
	sh("echo two >> d/b && sync d/b")
	want("a", "one\ntwo\n", 3)
	want("c", "one\ntwo\n", 3)
	listed := 0
	for object := range client.Client.ListObjects(context.Background(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if listed++; object.Err != nil || object.Size != 8 || strings.Trim(object.ETag, `"`) != etag(t, client, bucket, "a") {
			t.Errorf("listed: %+v", object)
		}
	}
	if listed != 3 {
		t.Errorf("%d objects are listed", listed)
	}
	version := versionOf(t, client, bucket, "c", s)
	upload(t, client, bucket, "a", strings.NewReader("put"), 3)
	want("a", "put", 1)
	want("c", "one\ntwo\n", 2)
	if got := versionOf(t, client, bucket, "c", s); got != version {
		t.Errorf("a put of another name gives c the version %s, it was %s", got, version)
	}
	if err := client.RemoveObject(context.Background(), bucket, "d/b", minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	want("c", "one\ntwo\n", 1)
	sh("ln c e")
	_, err := client.Client.CopyObject(context.Background(), minio.CopyDestOptions{Bucket: bucket, Object: "copy"},
		minio.CopySrcOptions{Bucket: bucket, Object: "e"})
	if err != nil {
		t.Fatal(err)
	}
	want("copy", "one\ntwo\n", 1)
	sh("echo three >> e && sync e")
	want("c", "one\ntwo\nthree\n", 2)
	s.Pfsd("export", "master.linked", s.Dir+"/linked.tar")
	s.Pfsd("import", s.Dir+"/linked.tar", "master.linked:/in")
	want("in/c", "one\ntwo\nthree\n", 2)
	want("in/copy", "one\ntwo\n", 1)
	door.Stop()
	m.Kill()
	harness.LazyUnmount(t, m.Dir)
	m, client = s.Mount("master.linked"), s.S3().Client(t)
	want("e", "one\ntwo\nthree\n", 2)
	want("in/e", "one\ntwo\nthree\n", 2)
}

// versionOf returns the version id of an object, which has one as soon as what a mount has done is in a commit.
func versionOf(t *testing.T, client *minio.Core, bucket, key string, s *harness.Store) string {
	t.Helper()
	s.Pfsd("log", bucket)
	body, info, _, err := client.GetObject(context.Background(), bucket, key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Fatal(err)
	}
	if info.VersionID == "" {
		t.Errorf("%s has no version", key)
	}
	return info.VersionID
}
