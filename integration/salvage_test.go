package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// TestRepairOfATable puts 300 files and damages the newest table: one bit near its end costs nothing, one in the record of the branch
// costs names. The repair says so by its exit code and in words, a collection refuses, the contents can be listed and restored, and a
// collection that is told so goes.
func TestRepairOfATable(t *testing.T) {
	s := harness.New(t)
	dir := filepath.Join(s.Dir, "in")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		data := bytes.Repeat(fmt.Appendf(nil, "file %03d\n", i), 6800) // 60 KiB of text
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.Pfsd("repo", "create", "r")
	s.Pfsd("put", dir, "r:/")
	alterNewestTable(t, s, func(b []byte) int { return len(b) - 100 })
	out := s.Pfsd("fsck", "--repair")
	if !strings.Contains(out, " 0 rows lost") || !strings.Contains(out, "0 problems") {
		t.Errorf("after one bit of the index:\n%s", out)
	}
	refused := s.Try("gc", "--grace", "0s")
	if refused.Code != 1 || !strings.Contains(refused.Stderr, "pfsd gc --after-salvage") || strings.Count(refused.Stderr, "pfsd: ") != 1 {
		t.Errorf("gc: %+v", refused)
	}
	s.Pfsd("gc", "--after-salvage")
	s.Pfsd("gc")

	alterNewestTable(t, s, func(b []byte) int { return bytes.Index(b, []byte("master")) })
	repaired := s.Try("fsck", "--repair")
	if repaired.Code != 1 || !strings.Contains(repaired.Stdout, `lost are rows from "\x00store" to chunk `) {
		t.Errorf("a repair that has lost the branch: %+v", repaired)
	}
	if refused := s.Try("gc"); refused.Code != 1 {
		t.Errorf("gc: %+v", refused)
	}
	s.Try("lost", "restore")
	list := s.Pfsd("lost", "list")
	// Either the commit is there, or its contents are.
	found := s.Pfsd("ls", "lost-found")
	if !strings.Contains(list, "commit  ") && strings.Count(found, ".txt") < 300 {
		t.Errorf("neither a commit nor 300 files are back:\n%s\n%s", list, found)
	}
	s.Pfsd("gc", "--after-salvage")
}

// alterNewestTable flips a bit of the byte that at says, of the table in which that is not negative.
func alterNewestTable(t *testing.T, s *harness.Store, at func([]byte) int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.Data, "kv", "*.sst"))
	if err != nil || len(names) == 0 {
		t.Fatal("no table", err)
	}
	for i := len(names) - 1; i >= 0; i-- {
		b, err := os.ReadFile(names[i])
		if err != nil {
			t.Fatal(err)
		}
		if n := at(b); n >= 0 {
			b[n] ^= 1
			if err := os.WriteFile(names[i], b, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("no table has it")
}
