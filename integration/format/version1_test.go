package format

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// unpackVersion1 puts a store that the last program of format 1 has made where s has its own.
func unpackVersion1(t *testing.T, s *harness.Store) {
	t.Helper()
	if err := os.Mkdir(s.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	s.Run(exec.Command("tar", "-xzf", filepath.Join("..", "..", "pfs", "testdata", "v1.tar.gz"), "-C", s.Data))
}

// TestVersion1 uses a store of format 1: it is read, checked and mounted as it is, and upgraded by the first file that is written
// in the mount. What is stored then is right by FORMAT.md.
func TestVersion1(t *testing.T) {
	s := harness.New(t)
	unpackVersion1(t, s)
	format := func() string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(s.Data, "FORMAT"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := s.Pfsd("cat", "old:/dir/sub/deep"); got != "deep\n" {
		t.Errorf("deep: %q", got)
	}
	s.Pfsd("fsck", "--deep")
	m := s.Mount("old")
	if got, err := os.ReadFile(m.Path("linked")); err != nil || string(got) != "1\n" {
		t.Errorf("linked: %q, %v", got, err)
	}
	if got := format(); got != "pfsd store, format 1\n" {
		t.Errorf("FORMAT says %q of a store that was only read", got)
	}
	if err := os.WriteFile(m.Path("new"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(m.Path("dir"), m.Path("made/dir")); err != nil {
		t.Fatal(err)
	}
	m.Stop()
	if got := format(); !strings.HasPrefix(got, "pfsd store, format 2\nfeatures: births") {
		t.Errorf("FORMAT says %q of a store that was changed", got)
	}
	s.Pfsd("fsck", "--deep")
	r, err := openReader(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	defer r.db.Close()
	for path, want := range map[string]string{"new": "new", "made/dir/sub/deep": "deep\n", "copy/sub/deep": "deep\n"} {
		if got, err := r.cat("old", "master", path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if r.births == 0 {
		t.Error("the new file has no birth")
	}
}

// TestUpgrade upgrades a store of format 1 by the command, which a second time has nothing to do.
func TestUpgrade(t *testing.T) {
	s := harness.New(t)
	unpackVersion1(t, s)
	if got := s.Pfsd("upgrade"); !strings.Contains(got, "births") {
		t.Errorf("it says %q", got)
	}
	if got := s.Pfsd("upgrade"); !strings.Contains(got, "nothing to do") {
		t.Errorf("once more: %q", got)
	}
	s.Pfsd("fsck", "--deep")
}
