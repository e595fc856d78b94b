package pfs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestStoredAgain damages a byte of a pack. Once somebody has found that out, who stores the file again mends it, and all that
// has its bytes.
func TestStoredAgain(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	data := noise(1, 1<<20)
	putFile(t, s, ref, "file", data)
	noError(t, s.Close())
	alter(t, filepath.Join(dir, "packs", "*.pack"), func(_ string, b []byte) { b[len(b)/2] ^= 1 })

	s = pfstest.OpenDisk(t, dir)
	report, err := s.Check(ctx, pfs.CheckOptions{Deep: true})
	noError(t, err)
	if len(report.Problems) == 0 {
		t.Fatal("the check has found nothing")
	}
	putFile(t, s, ref, "again", data)
	for _, path := range []string{"file", "again"} {
		if !bytes.Equal(readFile(t, s, ref, path), data) {
			t.Errorf("%s has other bytes", path)
		}
	}
	pfstest.Check(t, s)
	noError(t, s.Close())
	s = pfstest.OpenDisk(t, dir)
	pfstest.Check(t, s)
	noError(t, s.Close())
}

// alter has change alter the bytes of each file that pattern matches, of which there must be some.
func alter(t *testing.T, pattern string, change func(name string, b []byte)) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	noError(t, err)
	if len(names) == 0 {
		t.Fatalf("no file is named %s", pattern)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		noError(t, err)
		change(name, b)
		noError(t, os.WriteFile(name, b, 0o600))
	}
}
