package integration_test

import (
	"os"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// TestOrdinaryUser runs both doors as a user without rights, whose mount goes through fusermount3. (When an ordinary user
// runs the tests, all of them do that.)
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	if !harness.FuseForAll(t) {
		return
	}
	s := harness.NewOfNobody(t)
	m := s.Mount("master.own", "--create")
	door := s.S3()
	client := door.Client(t)
	upload(t, client, "master.own", "dir/by-s3", strings.NewReader("bytes"), 5)
	if out := s.Run(s.Command("cat", m.Path("dir/by-s3"))); out != "bytes" {
		t.Errorf("the mount has %q", out)
	}
	change := s.Command("sh", "-ec", "echo written > dir/by-mount; mkdir new; mv dir/by-mount new/moved; chmod 600 new/moved")
	change.Dir = m.Dir
	s.Run(change)
	if got := fetch(t, client, "master.own", "new/moved", ""); string(got) != "written\n" {
		t.Errorf("S3 has %q", got)
	}
	if out := s.Run(s.Command("stat", "-c", "%u %a", m.Path("new/moved"))); out != "65534 600\n" {
		t.Errorf("owner and mode are %q", out)
	}
	s.Pfsd("umount", m.Dir)
	if code := m.Wait(); code != 0 {
		t.Errorf("the mount ends with exit code %d\n%s", code, m.Stderr())
	}
}

// TestDataIsPrivate sees that nobody but its owner can look into a data directory.
func TestDataIsPrivate(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "own")
	info, err := os.Stat(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the data directory has mode %v", info.Mode())
	}
}
