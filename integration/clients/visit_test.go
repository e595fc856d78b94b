package clients_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// visit is one client at one door.
type visit struct {
	t    *testing.T
	s    *harness.Store
	door *harness.S3
	// core is another client, which looks at what the one has done.
	core *minio.Core
	*files
	// bucket is what the client creates and deletes; many is a bucket with 2,500 keys of its own.
	bucket, many string
	seen         map[string]bool
}

// row runs what the client does for one row of the matrix.
func (v *visit) row(name string, do func()) {
	v.t.Helper()
	v.mark(name)
	begun := time.Now()
	defer func() {
		v.t.Logf("%-22s %v", name, time.Since(begun).Round(time.Millisecond))
		if v.t.Failed() {
			v.t.Logf("this was in the row %q", name)
			v.t.SkipNow()
		}
	}()
	do()
}

// lacks says why the client does not do what a row asks for.
func (v *visit) lacks(name, why string) {
	v.t.Helper()
	v.mark(name)
	v.t.Logf("%s: %s", name, why)
}

func (v *visit) mark(name string) {
	v.t.Helper()
	if !slices.Contains(rows, name) || v.seen[name] {
		v.t.Fatalf("%q is no row, or was there before", name)
	}
	v.seen[name] = true
}

// finish fails the test when a row is missing.
func (v *visit) finish() {
	v.t.Helper()
	for _, name := range rows {
		if !v.seen[name] {
			v.t.Errorf("nothing was done for the row %q", name)
		}
	}
}

// script runs a program that goes through the rows itself: it is told everything by environment variables, and prints a
// line "row NAME" after each. It must not write to stderr.
func (v *visit) script(cmd *exec.Cmd) {
	v.t.Helper()
	cmd.Env = append(cmd.Env, v.door.Environ()...)
	cmd.Env = append(cmd.Env, "BUCKET="+v.bucket, "MANY="+v.many, "SMALL="+v.small, "MEDIUM="+v.medium, "LARGE="+v.large,
		"SMALL_HASH="+v.hashes[v.small], "MEDIUM_HASH="+v.hashes[v.medium], "LARGE_HASH="+v.hashes[v.large])
	r := v.s.Result(cmd)
	for line := range strings.Lines(r.Stdout) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "row "); ok {
			v.mark(name)
		} else {
			v.t.Log(line)
		}
	}
	if r.Code != 0 || r.Stderr != "" {
		v.t.Fatalf("exit code %d after the rows %v\n%s", r.Code, v.seen, r.Stderr)
	}
}

// stored fails the test unless the key holds the bytes of the file at path, by its hash.
func (v *visit) stored(key, path string) minio.ObjectInfo {
	v.t.Helper()
	info, err := v.core.StatObject(context.Background(), v.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		v.t.Fatalf("HEAD %s/%s: %v", v.bucket, key, err)
	}
	v.equal("the hash of "+key, hashOf(info), v.hashes[path])
	return info
}

// hash returns the BLAKE3 of what a key holds, as the store says.
func (v *visit) hash(key string) string {
	v.t.Helper()
	return hashOf(must(v.core.StatObject(context.Background(), v.bucket, key, minio.StatObjectOptions{}))(v))
}

// hashOf returns the hash that is the ETag; what s3cmd has written has an ETag with a dash.
func hashOf(info minio.ObjectInfo) string {
	return strings.TrimSuffix(strings.Trim(info.ETag, `"`), "-1")
}

// gone fails the test unless the bucket is.
func (v *visit) gone(bucket string) {
	v.t.Helper()
	if there, err := v.core.BucketExists(context.Background(), bucket); err != nil || there {
		v.t.Fatalf("the bucket %s is still there (%v, %v)", bucket, there, err)
	}
}

// left returns how many keys a bucket has, without those of directories that are empty: they were made by a command, and so
// they stay.
func (v *visit) left(bucket string) int {
	v.t.Helper()
	n := 0
	for o := range v.core.Client.ListObjects(context.Background(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			v.t.Fatal(o.Err)
		}
		if !strings.HasSuffix(o.Key, "/") {
			n++
		}
	}
	return n
}

// path returns the path of a file in the client's own directory.
func (v *visit) path(name string) string { return filepath.Join(v.s.Dir, name) }

// write makes a file in the client's own directory and returns its path.
func (v *visit) write(name, text string) string {
	v.t.Helper()
	if err := os.WriteFile(v.path(name), []byte(text), 0o644); err != nil {
		v.t.Fatal(err)
	}
	return v.path(name)
}

// same fails the test unless two files have the same bytes, and removes the second.
func (v *visit) same(want, got string) {
	v.t.Helper()
	v.s.Run(v.s.Command("cmp", want, got))
	if err := os.Remove(got); err != nil {
		v.t.Fatal(err)
	}
}

// equal fails the test unless the two are.
func (v *visit) equal(what, got, want string) {
	v.t.Helper()
	if got != want {
		v.t.Fatalf("%s: %.300q instead of %.300q", what, got, want)
	}
}

// piece returns n bytes of a file.
func (v *visit) piece(path string, offset int64, n int) string {
	v.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		v.t.Fatal(err)
	}
	defer f.Close()
	p := make([]byte, n)
	if _, err := f.ReadAt(p, offset); err != nil && !errors.Is(err, io.EOF) {
		v.t.Fatal(err)
	}
	return string(p)
}

// fetchURL sends a request without any credentials, as whoever was given a presigned URL does, and returns the answer.
func (v *visit) fetchURL(method, url, body string) string {
	v.t.Helper()
	request, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		v.t.Fatal(err)
	}
	client := http.Client{Transport: v.door.Transport(v.t)}
	answer, err := client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		v.t.Fatalf("%s %s: %s\n%s", method, url, answer.Status, text)
	}
	return string(text)
}
