package pfs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestCheckFindsLostPacks cuts a pack off, and takes it away: a check that reads no bytes names the file that this hurts, in
// one line, and leaves the other alone.
func TestCheckFindsLostPacks(t *testing.T) {
	for name, hurt := range map[string]func(path string) error{
		"missing": os.Remove,
		"cut off": func(path string) error { return os.Truncate(path, 500<<10) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := pfstest.OpenDisk(t, dir)
			makeRepo(t, s, "r")
			putFile(t, s, pfs.BranchRef("r", "master"), "dir/large", noise(1, 2<<20))
			putFile(t, s, pfs.BranchRef("r", "master"), "dir/small", noise(2, 5000))
			noError(t, s.Close())
			packs, err := filepath.Glob(filepath.Join(dir, "packs", "*.pack"))
			noError(t, err)
			if len(packs) != 1 {
				t.Fatalf("there are %d packs", len(packs))
			}
			noError(t, hurt(packs[0]))
			s, err = pfs.Open(ctx, dir, pfstest.Options(t))
			noError(t, err)
			defer s.Close()
			report, err := s.Check(ctx, pfs.CheckOptions{})
			noError(t, err)
			if len(report.Problems) != 2 { // one for each commit that has the file
				t.Errorf("%d problems", len(report.Problems))
			}
			for _, p := range report.Problems {
				if p.Path != "dir/large" || !strings.Contains(p.String(), filepath.Base(packs[0])) || strings.Contains(p.String(), "\n") {
					t.Errorf("problem: %v", p)
				}
			}
		})
	}
}
