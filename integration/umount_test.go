package integration_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"pfsd/integration/harness"
)

// TestUnmount ends a mount in each way that people do. Whatever was written is committed when it has ended, synced or not,
// and its process exits with 0.
func TestUnmount(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(t *testing.T, s *harness.Store, m *harness.Mount)
	}{
		{"pfsd umount", func(_ *testing.T, s *harness.Store, m *harness.Mount) { s.Pfsd("umount", m.Dir) }},
		{"umount", func(t *testing.T, s *harness.Store, m *harness.Mount) {
			if os.Geteuid() != 0 {
				t.Skip("umount is for root; others have fusermount3")
			}
			s.Run(s.Command("umount", m.Dir))
		}},
		{"fusermount3 -u", func(t *testing.T, s *harness.Store, m *harness.Mount) {
			if _, err := exec.LookPath("fusermount3"); err != nil {
				t.Fatal(err)
			}
			s.Run(s.Command("fusermount3", "-u", m.Dir))
		}},
		{"Ctrl-C", func(_ *testing.T, _ *harness.Store, m *harness.Mount) { m.Signal(syscall.SIGINT) }},
	} {
		for _, host := range []string{"alone", "guest"} {
			t.Run(c.name+", "+host, func(t *testing.T) {
				s := harness.New(t)
				s.Pfsd("repo", "create", "end")
				if host == "guest" {
					s.S3()
				}
				unmountWith(t, s, c.end)
			})
		}
	}
}

// TestUnmountFromWithin runs pfsd umount in the mount itself, as with `cd DIR; exec pfsd umount .`: it is none of the users of
// the mount. A shell that stays there is, and is named alone.
func TestUnmountFromWithin(t *testing.T) {
	for _, host := range []string{"alone", "guest"} {
		t.Run(host, func(t *testing.T) {
			s := harness.New(t)
			if host == "guest" {
				s.S3()
			}
			m := s.Mount("master.end", "--create")
			stays := s.Command("sh", "-c", "pfsd umount .; exit $?")
			stays.Dir = m.Dir
			if r := s.Result(stays); r.Code == 0 || strings.Contains(r.Stderr, "pfsd (pid") || !strings.Contains(r.Stderr, "sh (pid") {
				t.Errorf("with a shell in the mount: exit code %d, %s", r.Code, r.Stderr)
			}
			alone := s.Command(harness.Binary(t), "umount", ".")
			alone.Dir = m.Dir
			s.Run(alone)
			if code := m.Wait(); code != 0 || harness.Mounted(t, m.Dir) {
				t.Errorf("the mount ends with exit code %d\n%s", code, m.Stderr())
			}
		})
	}
}

func unmountWith(t *testing.T, s *harness.Store, end func(*testing.T, *harness.Store, *harness.Mount)) {
	t.Helper()
	m := s.Mount("master.end")
	data := harness.Bytes(1, 3<<20)
	if err := os.WriteFile(m.Path("file"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	end(t, s, m)
	if code := m.Wait(); code != 0 {
		t.Errorf("the mount ends with exit code %d\n%s", code, m.Stderr())
	}
	if harness.Mounted(t, m.Dir) {
		t.Error("it is still mounted")
	}
	if got := s.Pfsd("cat", "master.end:/file"); !bytes.Equal([]byte(got), data) {
		t.Errorf("the store has %d bytes of the file", len(got))
	}
	if log := s.Pfsd("log", "master.end:/file"); !strings.Contains(log, "mount") {
		t.Errorf("no commit by the mount:\n%s", log)
	}
}
