package integration_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestVersionsBesideDoors changes a branch by the commands that work on whole versions, while both doors show it.
func TestVersionsBesideDoors(t *testing.T) {
	s := harness.New(t)
	b := &shownBranch{t: t, s: s, mount: s.Mount("master.versions", "--create"), client: s.S3().Client(t)}
	b.put("a", "a1")
	b.put("dir/b", "b1")
	s.Pfsd("tag", "create", "--from", "master.versions", "v1.versions")
	b.shows("a:a1", "dir/b:b1")

	b.put("a", "a2")
	s.Pfsd("branch", "create", "--from", "v1.versions", "side.versions")
	b.putIn("side.versions", "c", "c1")
	s.Pfsd("merge", "side.versions", "master.versions")
	b.shows("a:a2", "c:c1", "dir/b:b1")

	s.Pfsd("revert", "master^.versions")
	b.shows("a:a1", "c:c1", "dir/b:b1")
	b.put("a", "a3")
	s.Pfsd("restore", "--from", "v1.versions", "master.versions:/a")
	b.shows("a:a1", "c:c1", "dir/b:b1")

	s.Pfsd("reset", "master.versions", "v1.versions")
	b.shows("a:a1", "dir/b:b1")

	commit := strings.TrimSpace(s.Pfsd("commit", "start", "master.versions"))
	b.putIn(commit+".master.versions", "dir/b", "b2")
	b.putIn(commit+".master.versions", "d", "d1")
	b.shows("a:a1", "dir/b:b1")
	s.Pfsd("commit", "finish", commit+".master.versions")
	b.shows("a:a1", "d:d1", "dir/b:b2")

	s.Pfsd("branch", "delete", "master.versions")
	if entries, err := os.ReadDir(b.mount.Dir); err != nil || len(entries) > 0 {
		t.Errorf("the mount of a deleted branch has %v, %v", entries, err)
	}
	s.Pfsd("undelete", "master.versions")
	b.shows("a:a1", "d:d1", "dir/b:b2")
	if got := fetch(t, b.client, "v1.versions", "dir/b", ""); string(got) != "b1" {
		t.Errorf("by the tag it is %q", got)
	}
}

// shownBranch is a branch with both doors open.
type shownBranch struct {
	t      *testing.T
	s      *harness.Store
	mount  *harness.Mount
	client *minio.Core
}

func (b *shownBranch) put(key, data string) {
	b.t.Helper()
	b.putIn("master.versions", key, data)
}

func (b *shownBranch) putIn(bucket, key, data string) {
	b.t.Helper()
	upload(b.t, b.client, bucket, key, strings.NewReader(data), int64(len(data)))
}

// shows compares what both doors show with a list of "path:bytes".
func (b *shownBranch) shows(want ...string) {
	b.t.Helper()
	var byS3, inMount []string
	for _, key := range keys(b.t, b.client, "master.versions", "") {
		byS3 = append(byS3, key+":"+string(fetch(b.t, b.client, "master.versions", key, "")))
		data, err := os.ReadFile(b.mount.Path(key))
		if err != nil {
			b.t.Error(err)
		}
		inMount = append(inMount, key+":"+string(data))
	}
	if !slices.Equal(byS3, want) || !slices.Equal(inMount, want) {
		b.t.Errorf("S3 shows %q, the mount %q, want %q", byS3, inMount, want)
	}
	found := strings.Fields(b.s.Run(b.s.Command("find", b.mount.Dir, "-type", "f", "-printf", "%P\n")))
	slices.Sort(found)
	if len(found) != len(want) {
		b.t.Errorf("the mount has %q, want %q", found, want)
	}
}
