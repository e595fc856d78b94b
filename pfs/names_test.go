package pfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestUnreadableNames damages what a table has of a text. A store does not open without the names of its repos, nor, when
// asked to verify rows, with any other damage; what is left is salvaged.
func TestUnreadableNames(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	for i := range 20 {
		makeRepo(t, s, fmt.Sprintf("%c-repo", 'a'+i)) // of a key a table has only what differs from another
	}
	ref := pfs.BranchRef("a-repo", "master")
	for i := range 100 {
		putFile(t, s, ref, fmt.Sprint(i), bytes.Repeat(fmt.Appendf(nil, "<text%03d>", i), 500))
	}
	noError(t, s.Close())
	for text, refused := range map[string]bool{"l-repo": true, "<text050>": false} {
		t.Run(text, func(t *testing.T) {
			hurt := filepath.Join(t.TempDir(), "store")
			noError(t, os.CopyFS(hurt, os.DirFS(dir)))
			var name string
			alter(t, filepath.Join(hurt, "kv", "*.sst"), func(table string, b []byte) {
				if i := bytes.Index(b, []byte(text)); i > 0 {
					b[i] ^= 1
					name = filepath.Base(table)
				}
			})
			opts := pfstest.Options(t)
			s, err := pfs.Open(ctx, hurt, opts)
			if refused != (err != nil) || err != nil && (pfs.KindOf(err) != pfs.KindCorrupt || !strings.Contains(err.Error(), name)) {
				t.Errorf("it opens: %t (%v)", err == nil, err)
			}
			if err == nil {
				report, err := s.Repair(ctx)
				noError(t, errors.Join(err, s.Close()))
				if len(report.Damage) != 1 || !strings.Contains(report.Damage[0], name) {
					t.Errorf("a repair of the open store: %+v", report)
				}
			}
			opts.VerifyRows = true
			if _, err := pfs.Open(ctx, hurt, opts); pfs.KindOf(err) != pfs.KindCorrupt || !strings.Contains(err.Error(), name) {
				t.Errorf("verified, it opens: %v", err)
			}
			if _, err := pfs.Salvage(ctx, hurt, opts); err != nil {
				t.Fatal(err)
			}
			s, err = pfs.Open(ctx, hurt, opts)
			noError(t, err)
			defer s.Close()
			report, err := s.Check(ctx, pfs.CheckOptions{Deep: true})
			noError(t, err)
			if len(report.Problems) == 0 && !refused {
				t.Error("nothing is missing")
			}
		})
	}
}
