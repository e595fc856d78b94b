package integration_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pfsd/integration/harness"
)

// TestOtherUsers looks into root's mounts as another user, who gets in only where allow_other was asked for, and there only
// as far as the modes let everybody.
func TestOtherUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	for name, mount := range map[string]func(s *harness.Store, dir string, options ...string) (branch string){
		"mount": func(s *harness.Store, dir string, options ...string) string {
			s.MountOn(dir, "master.own", options...)
			return dir
		},
		"serve": func(s *harness.Store, dir string, options ...string) string {
			s.Serve("master.own", dir, options...)
			return dir
		},
		"mount --all": func(s *harness.Store, dir string, options ...string) string {
			s.MountOn(dir, "--all", options...)
			return filepath.Join(dir, "own", "master")
		},
		"taken over": func(s *harness.Store, dir string, options ...string) string {
			first := s.S3()
			m := s.MountOn(dir, "master.own", options...)
			first.Kill()
			s.Run(s.Command("sh", "-c", "until cat "+m.Path("open")+" 2>/dev/null; do sleep 0.05; done"))
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("by default", func(t *testing.T) { tryAsOther(t, mount, false) })
			t.Run("allow_other", func(t *testing.T) { tryAsOther(t, mount, true, "-o", "allow_other") })
		})
	}
}

func tryAsOther(
	t *testing.T, mount func(*harness.Store, string, ...string) string, allowed bool, options ...string,
) {
	s := harness.New(t)
	// What the test framework makes above it is its own user's.
	if err := os.Chmod(filepath.Dir(s.Dir), 0o755); err != nil {
		t.Fatal(err)
	}
	s.Pfsd("repo", "create", "own")
	for name, mode := range map[string]os.FileMode{"open": 0o644, "private": 0o600} {
		file := filepath.Join(s.Dir, name)
		if err := os.WriteFile(file, []byte("bytes"), mode); err != nil {
			t.Fatal(err)
		}
		s.Pfsd("put", file, "master.own:/"+name)
	}
	dir := filepath.Join(s.Dir, "shown")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	branch := mount(s, dir, options...)
	for file, readable := range map[string]bool{"open": allowed, "private": false} {
		path := filepath.Join(branch, file)
		if _, err := os.ReadFile(path); err != nil {
			t.Errorf("root: %v", err)
		}
		other := s.Command("cat", path)
		other.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		r := s.Result(other)
		if readable != (r.Code == 0) || !readable && !strings.Contains(r.Stderr, "Permission denied") {
			t.Errorf("another user reads %s: %+v", file, r)
		}
	}
}
