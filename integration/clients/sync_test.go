package clients_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pfsd/integration/harness"
)

// syncing is a test of a client that keeps a directory and a bucket alike.
type syncing struct {
	t *testing.T
	s *harness.Store
	// tree is a local directory with some files.
	tree string
}

func newSyncing(t *testing.T) *syncing {
	t.Helper()
	y := &syncing{t, harness.New(t), ""}
	y.tree = filepath.Join(y.s.Dir, "tree")
	for i := range 20 {
		y.write(fmt.Sprintf("d%d/in it/%d.txt", i%3, i), strings.Repeat("line\n", i+1))
	}
	y.write("empty", "")
	y.write("large.bin", string(harness.Bytes(1, 9<<20)))
	return y
}

// write writes a file of the local directory.
func (y *syncing) write(name, text string) string {
	y.t.Helper()
	path := filepath.Join(y.tree, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		y.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		y.t.Fatal(err)
	}
	return path
}

// nothing fails the test unless a client said that it transferred nothing.
func (y *syncing) nothing(what, said string) {
	y.t.Helper()
	if strings.TrimSpace(said) != "" {
		y.t.Errorf("%s was to transfer nothing, and said\n%s", what, said)
	}
}

// lines returns how many lines of what a client said have the word.
func lines(said, word string) int {
	n := 0
	for line := range strings.Lines(said) {
		if strings.Contains(line, word) {
			n++
		}
	}
	return n
}

// TestSyncAWS runs `aws s3 sync` up, down and from bucket to bucket, in both modes of LastModified.
func TestSyncAWS(t *testing.T) {
	for _, mode := range []string{"branch", "object"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			y := newSyncing(t)
			door := y.s.S3("--last-modified=" + mode)
			y.s.Pfsd("repo", "create", "sync")
			y.s.Pfsd("branch", "create", "copy.sync")
			sync := func(from, to string) string {
				t.Helper()
				return y.s.Quiet(y.s.AWSCommand(door, "s3", "sync", "--no-progress", from, to))
			}
			const bucket, other = "s3://master.sync/a", "s3://copy.sync/b"
			down := filepath.Join(y.s.Dir, "down")
			if n := lines(sync(y.tree, bucket), "upload:"); n != 22 {
				t.Errorf("%d files went up, not 22", n)
			}
			y.nothing("the second sync up", sync(y.tree, bucket))
			sync(bucket, down)
			y.s.Diff(y.tree, down)
			y.nothing("the second sync down", sync(bucket, down))
			sync(bucket, other)
			y.s.Diff(y.tree, y.download(door, "copy.sync", "b"))
			y.nothing("the second sync to another bucket", sync(bucket, other))
			y.trap(mode, door, sync, bucket)
		})
	}
}

// download returns a directory with what a client other than the one under test finds below a prefix.
func (y *syncing) download(door *harness.S3, bucket, prefix string) string {
	y.t.Helper()
	dir := y.t.TempDir()
	y.s.Quiet(y.s.RcloneCommand(door, "copy", "pfsd:"+bucket+"/"+prefix, dir))
	return dir
}

// trap edits a file without a change of its size, and then something else changes in the bucket. The time of the branch is
// later than the edit, so that sync misses it; the time of the object is not. Sizes that differ, --exact-timestamps on the
// way down, and other clients are the ways out.
func (y *syncing) trap(mode string, door *harness.S3, sync func(from, to string) string, bucket string) {
	y.t.Helper()
	y.s.AWS(door, "s3", "cp", y.write("d0/in it/0.txt", "LINE\n"), "s3://master.sync/unrelated")
	said := sync(y.tree, bucket)
	switch want := map[string]int{"branch": 0, "object": 1}[mode]; {
	case lines(said, "upload:") != want:
		y.t.Errorf("after an edit of the same size, %d files were to go up:\n%s", want, said)
	case mode == "object":
		y.nothing("the sync after that", sync(y.tree, bucket))
	default:
		y.s.AWS(door, "s3", "cp", "--recursive", y.tree, bucket)
	}
	y.s.Diff(y.tree, y.download(door, "master.sync", "a"))
}

// TestSyncS3cmd puts and syncs with s3cmd; what is there is not sent again.
func TestSyncS3cmd(t *testing.T) {
	t.Parallel()
	y := newSyncing(t)
	door := y.s.S3()
	y.s.Pfsd("repo", "create", "sync")
	s3cmd := func(args ...string) string {
		t.Helper()
		return y.s.Quiet(y.s.S3cmdCommand(door, args...))
	}
	s3cmd("put", "--recursive", y.tree, "s3://master.sync/")
	y.s.Diff(y.tree, y.download(door, "master.sync", "tree"))
	y.nothing("sync after put", s3cmd("sync", y.tree, "s3://master.sync/"))
	edited := y.write("d0/in it/0.txt", "LINE\n")
	if n := lines(s3cmd("sync", y.tree, "s3://master.sync/"), "upload:"); n != 1 {
		t.Errorf("after an edit of the same size, %d files went up, not 1", n)
	}
	y.nothing("sync after that", s3cmd("sync", y.tree, "s3://master.sync/"))
	down := filepath.Join(y.s.Dir, "down")
	if err := os.Mkdir(down, 0o755); err != nil {
		t.Fatal(err)
	}
	s3cmd("sync", "s3://master.sync/tree/", down+"/")
	y.s.Diff(y.tree, down)
	y.nothing("sync down after that", s3cmd("sync", "s3://master.sync/tree/", down+"/"))
	if err := os.Remove(edited); err != nil {
		t.Fatal(err)
	}
	s3cmd("sync", "--delete-removed", y.tree, "s3://master.sync/")
	y.s.Diff(y.tree, y.download(door, "master.sync", "tree"))
}

// TestSyncRclone syncs with rclone, which goes by the times in its metadata, in both directions, with an edit in a mount in
// between.
func TestSyncRclone(t *testing.T) {
	t.Parallel()
	y := newSyncing(t)
	door := y.s.S3()
	y.s.Pfsd("repo", "create", "sync")
	mount := y.s.Mount("master.sync")
	// What is transferred is in the log.
	sync := func(from, to string) string {
		t.Helper()
		r := y.s.Result(y.s.RcloneCommand(door, "sync", "--log-level=INFO", "--stats=0", "--s3-upload-cutoff=5M", from, to))
		if r.Code != 0 {
			t.Fatalf("rclone sync %s %s: exit code %d\n%s", from, to, r.Code, r.Stderr)
		}
		return r.Stderr
	}
	count := func(said string, want int) {
		t.Helper()
		if n := lines(said, "Copied ("); n != want {
			t.Errorf("%d files were transferred, not %d:\n%s", n, want, said)
		}
	}
	const bucket = "pfsd:master.sync/a"
	count(sync(y.tree, bucket), 22)
	count(sync(y.tree, bucket), 0)
	y.s.Diff(y.tree, mount.Path("a"))
	// The times of the files are those of the mount, too.
	y.s.Quiet(y.s.Command("rsync", "-a", "--no-perms", "--no-owner", "--no-group", "--omit-dir-times", y.tree+"/", mount.Path("a")))
	count(sync(bucket, y.tree), 0)

	edited := mount.Path("a/d0/in it/0.txt")
	if err := os.WriteFile(edited, []byte("LINE\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	then := time.Unix(1580608922, 123456789)
	if err := os.Chtimes(edited, then, then); err != nil {
		t.Fatal(err)
	}
	count(sync(bucket, y.tree), 1)
	y.s.Diff(mount.Path("a"), y.tree)
	info, err := os.Stat(filepath.Join(y.tree, "d0/in it/0.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(then) {
		t.Errorf("the time came back as %v, not %v", info.ModTime(), then)
	}
	count(sync(bucket, y.tree), 0)
	count(sync(y.tree, bucket), 0)
	y.write("d1/in it/1.txt", "here\n")
	count(sync(y.tree, bucket), 1)
	y.s.Diff(y.tree, mount.Path("a"))
}

// TestSyncOfEmptyFiles uploads empty files among others, for which the client reuses its connections. A client that loses
// track of the answers there waits until its timeout, and tries again, which it may not do here.
func TestSyncOfEmptyFiles(t *testing.T) {
	t.Parallel()
	y := newSyncing(t)
	for i := range 60 {
		y.write(fmt.Sprintf("mixed/%d", i), strings.Repeat("x", i%2*100))
	}
	door := y.s.S3()
	y.s.AWS(door, "s3", "mb", "s3://master.tree")
	cmd := y.s.AWSCommand(door, "--cli-read-timeout=20", "s3", "sync", "--only-show-errors", y.tree, "s3://master.tree")
	cmd.Env = append(cmd.Env, "AWS_MAX_ATTEMPTS=1")
	y.s.Run(cmd)
}
