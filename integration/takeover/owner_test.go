package takeover_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"pfsd/integration/harness"
)

// nobody returns a store of a user without rights, or skips the test.
func nobody(t *testing.T) *harness.Store {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	return harness.NewOfNobody(t)
}

// asRoot returns the same store for commands of root.
func asRoot(t *testing.T, s *harness.Store) *harness.Store {
	t.Helper()
	root := harness.New(t)
	own := root.Data
	root.Data = s.Data
	t.Cleanup(func() { root.Data = own })
	return root
}

// TestOrdinaryUserTakesOver has a user without rights take over, whose mount goes through fusermount3.
func TestOrdinaryUserTakesOver(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 && !harness.FuseForAll(t) {
		return
	}
	s := nobody(t)
	s.Pfsd("repo", "create", "shared")
	host := s.S3()
	mount := s.Mount(bucket)
	s.Run(s.Command("sh", "-c", "echo written > "+mount.Path("file")+" && sync "+mount.Path("file")))
	host.Kill()
	back := s.Command("sh", "-c", "until test -f "+mount.Path("file")+"; do :; done; cat "+mount.Path("file"))
	if got := s.Run(back); got != "written\n" {
		t.Errorf("the file is %q", got)
	}
}

// TestOnlyTheOwnerHosts has root, who is not the owner of the data directory, use the store as a guest. When the host is
// killed, root's doors wait for another one of the owner, and come back with that; when there is none, they end and say so.
func TestOnlyTheOwnerHosts(t *testing.T) {
	t.Parallel()
	s := nobody(t)
	root := asRoot(t, s)
	s.Pfsd("repo", "create", "shared")
	host := s.S3()
	mount := root.Mount(bucket)
	host.Kill()
	host = s.S3()
	if err := os.WriteFile(mount.Path("file"), []byte("written"), 0o644); err != nil {
		t.Error(err)
	}
	if got := s.Pfsd("cat", bucket+":/file"); got != "written" {
		t.Errorf("the file is %q", got)
	}
	host.Signal(syscall.SIGKILL)
	host.Wait()
	if code := mount.Wait(); code != 1 {
		t.Errorf("exit code %d without a host", code)
	}
	if said := mount.Stderr(); !strings.Contains(said, "only its owner") || harness.Mounted(t, mount.Dir) {
		t.Errorf("it says %q; still mounted: %v", said, harness.Mounted(t, mount.Dir))
	}
}
