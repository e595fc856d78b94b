package integration_test

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// collected is what pfsd gc --json says.
type collected struct {
	Live struct {
		Bytes int64 `json:"bytes"`
	} `json:"live"`
	History struct {
		Bytes int64 `json:"bytes"`
	} `json:"history"`
}

// TestSpaceComesBack deletes a large repo, and collects garbage beside an endpoint: the directory takes no more than a tenth
// above what is in use, and 64 MiB.
func TestSpaceComesBack(t *testing.T) {
	s := harness.New(t)
	seed := harness.Seed(t)
	for i, repo := range []string{"keep", "gone"} {
		dir := filepath.Join(s.Dir, repo)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		sizes := append(make([]int64, 0, 1001), int64(100+100*i)<<20)
		for range 1000 {
			sizes = append(sizes, 20<<10)
		}
		for n, size := range sizes {
			f, err := os.Create(filepath.Join(dir, strconv.Itoa(n)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(f, harness.Noise(seed+uint64(2000*i+n), size)); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s.Pfsd("repo", "create", repo)
		s.Pfsd("put", dir, repo+":/")
	}
	s.S3()
	before := s.DiskUsage("")
	s.Pfsd("repo", "delete", "--force", "gone")
	var dry, done collected
	s.PfsdJSON(&dry, "gc", "--dry-run", "--grace", "0s", "--json")
	s.PfsdJSON(&done, "gc", "--grace", "0s", "--json")
	after := s.DiskUsage("")
	t.Logf("%d MiB before, %d MiB after, %d MiB in use", before>>20, after>>20, done.Live.Bytes>>20)
	if dry.History.Bytes < 200<<20 || done.History.Bytes != dry.History.Bytes {
		t.Errorf("reclaimable: %d bytes, reclaimed: %d", dry.History.Bytes, done.History.Bytes)
	}
	if limit := done.Live.Bytes*11/10 + 64<<20; after > limit {
		t.Errorf("the store takes %d bytes, want at most %d", after, limit)
	}
	if res := s.Try("undelete", "gone"); res.Code == 0 || strings.Contains(s.Pfsd("undelete"), "gone") {
		t.Errorf("the repo was restored: %+v", res)
	}
	s.Pfsd("get", "keep:/", filepath.Join(s.Dir, "back"))
	s.Diff(filepath.Join(s.Dir, "keep"), filepath.Join(s.Dir, "back"))
}
