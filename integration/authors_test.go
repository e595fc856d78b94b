package integration_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// asUser returns a command that runs another as a user who has no name on any machine.
func asUser(s *harness.Store, uid string, args ...string) *exec.Cmd {
	return s.Command("setpriv", append([]string{"--reuid", uid, "--regid", uid, "--clear-groups"}, args...)...)
}

// columns are what is between those of a log.
var columns = regexp.MustCompile(" {2,}")

// authorsOf returns the authors of a branch's commits, the newest first.
func authorsOf(s *harness.Store, address string) []string {
	var authors []string
	for line := range strings.Lines(s.Pfsd("log", address)) {
		authors = append(authors, columns.Split(line, -1)[3])
	}
	return authors
}

// TestAuthorsOfMounts has several users change files in a mount: its commits name those whose processes did, or PFSD_AUTHOR alone.
func TestAuthorsOfMounts(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be several users")
	}
	s := harness.New(t)
	m := s.Mount("master.many", "--create", "-o", "allow_other", "--commit-interval", "1h")
	if err := os.Chmod(m.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{"54321", "54322", "54321"} {
		cmd := asUser(s, uid, "sh", "-ec", "echo more >>$(id -u); chmod 666 $(id -u); mkdir -p $(id -u).d")
		cmd.Dir = m.Dir
		s.Run(cmd)
	}
	// The one who opens a file need not be the one who closes it.
	both := s.Command("sh", "-ec", `exec 3>>54321; setpriv --reuid 54323 --regid 54323 --clear-groups sh -c 'echo by hand >&3'; exec 3>&-`)
	both.Dir = m.Dir
	s.Run(both)
	s.Pfsd("umount", m.Dir)
	m.Wait()
	if got := authorsOf(s, "master.many")[0]; got != "root, 54321, 54322, 54323" {
		t.Errorf("the author is %q", got)
	}
	dir := filepath.Join(t.TempDir(), "mnt")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := s.Command(harness.Binary(t), "mount", "--detach", "master.many", dir)
	cmd.Env = s.Env("PFSD_AUTHOR=ann")
	s.Run(cmd)
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Error(err)
	}
	s.Pfsd("umount", dir)
	if got := authorsOf(s, "master.many")[0]; got != "ann" {
		t.Errorf("the author is %q with PFSD_AUTHOR", got)
	}
}

// TestAuthorsOfS3 has several users send objects to an endpoint without keys, each with any key.
func TestAuthorsOfS3(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be several users")
	}
	s := harness.New(t)
	s.Pfsd("repo", "create", "sent")
	d := s.S3()
	for _, uid := range []string{"54321", "54322"} {
		s.Run(asUser(s, uid, "curl", "-sSf", "-d", uid, "-X", "PUT", d.URL+"/master.sent/file"))
	}
	if got := authorsOf(s, "master.sent"); got[0] != "54322" || got[1] != "54321" {
		t.Errorf("the authors are %q", got)
	}
}
