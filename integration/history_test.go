package integration_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pfsd/integration/harness"
)

// TestEveryVersion writes one object 1,000 times; every version can be read by its commit, by its distance from the head,
// and from the bucket that the commit is.
func TestEveryVersion(t *testing.T) {
	const writes = 1000
	s := harness.New(t)
	s.Pfsd("repo", "create", "past")
	client := s.S3().Client(t)
	versions := make([]string, writes)
	for i := range versions {
		data := fmt.Sprintf("version %d", i)
		versions[i] = upload(t, client, "master.past", "dir/note", strings.NewReader(data), int64(len(data))).VersionID
	}
	for i, commit := range versions {
		want := fmt.Sprintf("version %d", i)
		ancestor := fmt.Sprintf("HEAD^%d", writes-1-i)
		for what, got := range map[string][]byte{
			"versionId=" + commit:   fetch(t, client, "master.past", "dir/note", commit),
			"versionId=" + ancestor: fetch(t, client, "master.past", "dir/note", ancestor),
			"bucket " + commit:      fetch(t, client, commit+".past", "dir/note", ""),
		} {
			if string(got) != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
	}
	log := harness.PfsdList[struct {
		ID string `json:"id"`
	}](s, "log", "--json", "master.past:/dir/note")
	for i, commit := range slices.Backward(versions) {
		if n := writes - 1 - i; n >= len(log) || log[n].ID != commit {
			t.Fatalf("the log of %d commits does not have %s at %d", len(log), commit, n)
		}
	}
}

// TestBranchIsCheap makes branches of a large branch and of a small one: they grow the store by next to nothing, and take
// the host about the same processor time.
func TestBranchIsCheap(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "large")
	s.Pfsd("repo", "create", "small")
	s.Pfsd("put", manyFiles(t, s, 100_000), "master.large:/")
	s.Pfsd("put", manyFiles(t, s, 10), "master.small:/")
	door := s.S3()
	countFiles(t, s, "large", 100_000)

	var large, small time.Duration
	var grown []int64
	for i := range 20 {
		before := s.DiskUsage("")
		large += branchWork(s, door, "large", i)
		grown = append(grown, s.DiskUsage("")-before)
		small += branchWork(s, door, "small", i)
	}
	// The median leaves out what the key-value store writes now and then in the background.
	if g := median(grown); g >= 64<<10 {
		t.Errorf("a branch takes %d bytes", g)
	}
	t.Logf("20 branches of 100,000 files take %v and %d bytes each, of 10 files %v", large, median(grown), small)
	// A second is for the ticks in which the kernel counts, and for work in the background.
	if large > 3*small+time.Second {
		t.Errorf("20 branches of 100,000 files take %v, of 10 files %v", large, small)
	}
	if got := fetch(t, door.Client(t), "b7.large", "99/999", ""); string(got) != "the same\n" {
		t.Errorf("a file of the branch is %q", got)
	}
}

// branchWork makes the branch b<i> of a repo's master and returns how much processor time that has taken the host.
func branchWork(s *harness.Store, host *harness.S3, repo string, i int) time.Duration {
	before := host.UserTime()
	s.Pfsd("branch", "create", "--from", "master."+repo, fmt.Sprintf("b%d.%s", i, repo))
	return host.UserTime() - before
}

func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

// manyFiles makes a directory of n small files, a thousand in each directory below it. They are links to a few, since only
// their number matters.
func manyFiles(t *testing.T, s *harness.Store, n int) string {
	t.Helper()
	top := filepath.Join(s.Dir, fmt.Sprintf("files%d", n))
	for i := range n {
		dir := filepath.Join(top, fmt.Sprint(i/1000))
		first := filepath.Join(dir, "0")
		if i%1000 == 0 {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(first, []byte("the same\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.Link(first, filepath.Join(dir, fmt.Sprint(i%1000))); err != nil {
			t.Fatal(err)
		}
	}
	return top
}

// countFiles fails the test unless the repo's master has n files, by the branch's own count.
func countFiles(t *testing.T, s *harness.Store, repo string, n int64) {
	t.Helper()
	branches := harness.PfsdList[struct {
		Name   string `json:"name"`
		Totals struct {
			Files int64 `json:"files"`
		} `json:"totals"`
	}](s, "branch", "list", "--json", repo)
	for _, b := range branches {
		if b.Name == "master" && b.Totals.Files != n {
			t.Errorf("master.%s has %d files, want %d", repo, b.Totals.Files, n)
		}
	}
}
