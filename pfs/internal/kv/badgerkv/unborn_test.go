package badgerkv_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs/internal/kv/badgerkv"
)

// TestUnbornFiles opens a store where the next log or table has been made and has no bytes yet, as a kill leaves it.
func TestUnbornFiles(t *testing.T) {
	for _, suffix := range []string{".mem", ".vlog", ".sst"} {
		t.Run(suffix, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, badgerkv.Options{})
			b := batch(1, 10, 100)
			if err := s.Commit(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			digits := 5
			if suffix != ".mem" && suffix != ".vlog" {
				digits = 6
			}
			name := filepath.Join(dir, fmt.Sprintf("%0*d%s", digits, 77, suffix))
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			s = open(t, dir, badgerkv.Options{})
			expect(t, s, b)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(name); err == nil && info.Size() == 0 {
				t.Errorf("%s is still there", strings.TrimPrefix(name, dir))
			}
		})
	}
}
