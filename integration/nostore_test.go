package integration_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// TestMountMakesAStore mounts where no store is: only with --create, and without --no-create, is one made, which is the first
// line on stderr.
func TestMountMakesAStore(t *testing.T) {
	s := harness.New(t)
	point := filepath.Join(s.Dir, "point")
	if err := os.Mkdir(point, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"mount", "r", point}, {"mount", "--all", point}, {"mount", "--create", "--no-create", "r", point},
		{"mount", "--create", "--no-create", "--detach", "r", point}, {"serve", "--no-create", "--mount-all", point},
	} {
		r := s.Try(args...)
		if _, err := os.Lstat(s.Data); r.Code != 1 || !strings.HasPrefix(r.Stderr, "pfsd: there is no store in "+s.Data) || err == nil {
			t.Errorf("%v: %+v; the data directory: %v", args, r, err)
		}
	}
	m := s.MountOn(point, "r", "--create")
	if want := "pfsd: made a new store in " + s.Data + "\n"; !strings.HasPrefix(m.Stderr(), want) {
		t.Errorf("stderr: %q, want %q first", m.Stderr(), want)
	}
	if r := s.Try("--data", filepath.Join(s.Dir, "typo"), "umount", point); r.Code != 0 {
		t.Errorf("umount with the wrong data directory: %+v", r)
	}
	if code := m.Wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, m.Stderr())
	}
}

// TestHostOfARemovedStore removes the directory of a store that a process holds: commands find no store there, and make none.
func TestHostOfARemovedStore(t *testing.T) {
	s := harness.New(t)
	host := s.S3()
	s.Pfsd("repo", "create", "r")
	moved := s.Data + ".moved"
	if err := os.Rename(s.Data, moved); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"status"}, {"fsck", "--deep"}, {"gc"}, {"ls", "r"}} {
		if r := s.Try(args...); r.Code != 1 || !strings.HasPrefix(r.Stderr, "pfsd: there is no store in ") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if _, err := os.Lstat(s.Data); err == nil {
		t.Error("the data directory was made again")
	}
	if err := os.Rename(moved, s.Data); err != nil {
		t.Fatal(err)
	}
	s.Pfsd("--no-create", "repo", "create", "other")
	host.Stop()
}
