package integration_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// goSource is the toolchain's own source tree: about 11,000 files of all sizes.
func goSource(t *testing.T) string {
	t.Helper()
	return filepath.Join(goEnv(t, "GOROOT"), "src")
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatalf("go env %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// TestRealDataThroughS3 uploads a source tree and compares it in a mount that was open all the time.
func TestRealDataThroughS3(t *testing.T) {
	t.Parallel()
	s := harness.New(t)
	door := s.S3()
	s.Pfsd("repo", "create", "go")
	mount := s.Mount("master.go")
	source := goSource(t)
	s.AWS(door, "s3", "sync", "--no-follow-symlinks", "--only-show-errors", source, "s3://master.go/src")
	s.Diff(source, mount.Path("src"))
}

// TestRealDataThroughMount copies the tree in through a mount and fetches it by rclone.
func TestRealDataThroughMount(t *testing.T) {
	t.Parallel()
	s := harness.New(t)
	s.Pfsd("repo", "create", "go")
	s.Pfsd("branch", "create", "copied.go")
	mount := s.Mount("copied.go")
	door := s.S3()
	source := goSource(t)
	s.Run(s.Command("cp", "-a", source, mount.Path("src")))
	fetched := filepath.Join(s.Dir, "fetched")
	s.Rclone(door, "copy", "--transfers=8", "pfsd:copied.go/src", fetched)
	s.Diff(source, fetched)
	s.Diff(source, mount.Path("src"))
}

// TestGoBuildInMount builds pfsd itself from a copy of its source in a mount, leaves the binary there and runs it.
func TestGoBuildInMount(t *testing.T) {
	t.Parallel()
	s := harness.New(t)
	mount := s.Mount("master.program", "--create")
	copySource(t, s, harness.Root(t), mount.Dir)
	build := s.Command("go", "build", "-o", "built", ".")
	build.Dir = mount.Dir
	build.Env = s.Env("GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOFLAGS=-mod=mod")
	s.Run(build)
	if out := s.Run(s.Command(mount.Path("built"), "version")); !strings.Contains(out, "pfsd") {
		t.Errorf("the binary that was built in the mount prints %q", out)
	}
}

// copySource copies what a build of the module at root needs.
func copySource(t *testing.T, s *harness.Store, root, to string) {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum", "main.go", "pfs", "chunker", "s3", "fsys", "cli"} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
		s.Run(s.Command("cp", "-r", filepath.Join(root, name), filepath.Join(to, name)))
	}
}
