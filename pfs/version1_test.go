package pfs_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

var old = pfs.BranchRef("old", "master")

// version1 returns a directory with a store that the last program of format 1 has made: a branch with files of each kind, hard
// links, a copied directory and a mount's changes, another branch, a tag, and an open commit.
func version1(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Open(filepath.Join("testdata", "v1.tar.gz"))
	noError(t, err)
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	noError(t, err)
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		noError(t, err)
		name := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			noError(t, os.MkdirAll(name, 0o700))
			continue
		}
		data, err := io.ReadAll(r)
		noError(t, err)
		noError(t, os.WriteFile(name, data, 0o600))
	}
}

// formatOf returns what the file FORMAT of a store says.
func formatOf(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "FORMAT"))
	noError(t, err)
	return string(text)
}

const (
	format1 = "pfsd store, format 1\n"
	format2 = "pfsd store, format 2\nfeatures: births\n"
)

// TestVersion1 opens a store of format 1, reads and checks all of it, and changes what needs no feature: it stays of format 1.
// The first entry that is made has it upgraded before anything else, and no entry that was there gets another number.
func TestVersion1(t *testing.T) {
	dir := version1(t)
	s := pfstest.OpenDisk(t, dir)
	if got := read(t, s, old, "dir/sub/deep"); got != "deep\n" {
		t.Errorf("a file has %q", got)
	}
	before := pfstest.Numbers(t, snapshotOf(t, s, old))
	if len(before) < 150 || before["linked"] != before["dir/f1"] {
		t.Errorf("%d entries, and two names of one file with the numbers %#x and %#x", len(before), before["linked"], before["dir/f1"])
	}
	update(t, s, old, func(tx *pfs.Tx) error {
		err := tx.Edit("dir/f3", func(e *pfs.Entry) error { e.Mode = 0o600; return nil })
		return errors.Join(err, tx.Unlink("dir/f4"))
	})
	pfstest.Check(t, s)
	noError(t, s.Close())
	if got := formatOf(t, dir); got != format1 {
		t.Fatalf("FORMAT says %q after a change that needs no feature", got)
	}

	s = pfstest.OpenDisk(t, dir)
	if names := s.Features(); len(names) > 0 {
		t.Errorf("it has the features %v", names)
	}
	c := ingest(t, s, "new")
	noError(t, s.Apply(ctx, old, byCLI, func(tx *pfs.Tx) error { return tx.PutFile("new", c, nil, 0) }))
	if got := formatOf(t, dir); got != format1 {
		t.Errorf("FORMAT says %q before anything is stored", got)
	}
	noError(t, s.Sync(ctx, old))
	if got := formatOf(t, dir); got != format2 {
		t.Errorf("FORMAT says %q after a file was put", got)
	}
	after := pfstest.Numbers(t, snapshotOf(t, s, old))
	for path, number := range before {
		if now, there := after[path]; there && now != number {
			t.Errorf("%s had number %#x, and has %#x", path, number, now)
		}
	}
	pfstest.Check(t, s)
	noError(t, s.Close())
	s = pfstest.OpenDisk(t, dir)
	defer s.Close()
	if got := read(t, s, old, "new"); got != "new" {
		t.Errorf("the new file has %q", got)
	}
}

// TestModelOfOldNumbers is TestModelOfNumbers on a store whose entries have no births.
func TestModelOfOldNumbers(t *testing.T) {
	s := pfstest.OpenDisk(t, version1(t))
	defer s.Close()
	r := newNumberRun(t, s, old, rand.New(rand.NewPCG(rand.Uint64(), 0)))
	update(t, s, old, func(tx *pfs.Tx) error {
		return errors.Join(tx.Rename("dir", "a", 0), tx.Rename("copy", "b", 0))
	})
	r.steps(60)
	pfstest.Check(t, s)
}

// TestUpgrade upgrades a store without any change.
func TestUpgrade(t *testing.T) {
	dir := version1(t)
	s := pfstest.OpenDisk(t, dir)
	defer s.Close()
	names, err := s.Upgrade()
	if err != nil || strings.Join(names, " ") != "births" || formatOf(t, dir) != format2 {
		t.Errorf("%v, %v, and FORMAT says %q", names, err, formatOf(t, dir))
	}
	if names, err = s.Upgrade(); err != nil || len(names) > 0 {
		t.Errorf("once more: %v, %v", names, err)
	}
}

// TestUpgradeFails makes a change in a store whose format cannot be named: nothing is stored, and the next try works.
func TestUpgradeFails(t *testing.T) {
	dir := version1(t)
	s := pfstest.OpenDisk(t, dir)
	defer s.Close()
	name := filepath.Join(dir, "FORMAT")
	noError(t, os.Rename(name, name+"-away"))
	noError(t, os.Mkdir(name, 0o700))
	c := ingest(t, s, "new")
	put := func(tx *pfs.Tx) error { return tx.PutFile("new", c, nil, 0) }
	if _, err := s.Update(ctx, old, byCLI, put); err == nil {
		t.Error("the file was put")
	}
	if got := read(t, s, old, "new"); got != "error: "+pfs.KindFileNotFound.String() {
		t.Errorf("it has %q", got)
	}
	noError(t, os.Remove(name))
	noError(t, os.Rename(name+"-away", name))
	update(t, s, old, put)
	if got := formatOf(t, dir); got != format2 {
		t.Errorf("FORMAT says %q", got)
	}
	if left, err := filepath.Glob(name + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestUnknownFormat opens stores of later programs, and some whose format is damaged: each is refused, with the reason, and nothing in
// it is changed.
func TestUnknownFormat(t *testing.T) {
	for _, tt := range []struct{ text, says string }{
		{"pfsd store, format 3\n", "format 3"},
		{"pfsd store, format 2\nfeatures: births wings\n", "lacks: wings:"},
		{"pfsd store, format 2\nfeatures: antlers wings\n", "lacks: antlers wings:"},
		{"pfsd store, format 2\nfeatures: births births\n", "damaged"},
		{"pfsd store, format 2\nfeatures:  births\n", "damaged"},
		{"pfsd store, format 2\nfeatures: births", "damaged"},
		{"pfsd store, format 2\n", "damaged"},
		{"", "damaged"},
	} {
		dir := version1(t)
		noError(t, os.WriteFile(filepath.Join(dir, "FORMAT"), []byte(tt.text), 0o600))
		before := filesOf(t, dir)
		_, err := pfs.Open(ctx, dir, pfstest.Options(t))
		want := pfs.KindInvalid
		if tt.says == "damaged" {
			want = pfs.KindCorrupt
		}
		if pfs.KindOf(err) != want || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v, want one that says %q", tt.text, err, tt.says)
		}
		if after := filesOf(t, dir); after != before {
			t.Errorf("%q: the files were\n%sand are\n%s", tt.text, before, after)
		}
	}
}

// filesOf returns the names and times of all files in a directory.
func filesOf(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	noError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() {
			b.WriteString(path + " " + info.ModTime().String() + "\n")
		}
		return err
	}))
	return b.String()
}
