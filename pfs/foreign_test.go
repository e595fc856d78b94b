package pfs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// mixed writes a store to a new directory: it has the parts given, which are directories or files, of one store, and all else of another.
func mixed(t *testing.T, rest, from fileSet, parts ...string) string {
	t.Helper()
	isPart := func(name string) bool {
		for _, part := range parts {
			if name == part || strings.HasPrefix(name, part+"/") {
				return true
			}
		}
		return false
	}
	files := fileSet{}
	for name, is := range rest {
		if !isPart(name) {
			files[name] = is
		}
	}
	for name, is := range from {
		if isPart(name) {
			files[name] = is
		}
	}
	dir := t.TempDir()
	files.writeTo(t, dir)
	return dir
}

// repaired opens the store in dir as pfsd fsck --repair does, with all tries that takes.
func repaired(t *testing.T, dir string) *pfs.Store {
	t.Helper()
	s, err := pfs.Open(ctx, dir, pfstest.Options(t))
	for range 6 {
		if err == nil {
			break
		}
		_, err = pfs.Salvage(ctx, dir, pfstest.Options(t))
		noError(t, err)
		s, err = pfs.Open(ctx, dir, pfstest.Options(t))
	}
	noError(t, err)
	return s
}

// wantHeld sees to it that the check reports a loss with all words given, that no collection removes a pack, today and after
// the next start, and that one does which is told that the loss was seen. It closes the store.
func wantHeld(t *testing.T, dir string, s *pfs.Store, words ...string) {
	t.Helper()
	packs := func() int {
		names, err := filepath.Glob(filepath.Join(dir, "packs", "*.pack"))
		noError(t, err)
		return len(names)
	}
	had := packs()
	for range 2 {
		found := strings.Join(problems(t, s), "\n")
		for _, w := range words {
			if !strings.Contains(found, w) {
				t.Errorf("the check does not tell of %q:\n%s", w, found)
			}
		}
		_, err := s.GC(ctx, pfs.GCOptions{Grace: 0, Compact: pfs.CompactAll})
		wantKind(t, err, pfs.KindPermission)
		if err != nil && (!strings.Contains(err.Error(), "--after-salvage") || !strings.Contains(err.Error(), "rows are missing")) {
			t.Errorf("it does not say why, and what to do: %v", err)
		}
		noError(t, s.Close())
		if got := packs(); got != had {
			t.Errorf("%d packs are left of %d", got, had)
		}
		s, err = pfs.Open(ctx, dir, pfstest.Options(t))
		noError(t, err)
	}
	_, err := s.GC(ctx, pfs.GCOptions{Grace: 0, AfterSalvage: true})
	if k := pfs.KindOf(err); err != nil && k != pfs.KindCorrupt { // where what is in use is in packs of another store
		t.Error(err)
	}
	noError(t, s.Close())
}

// packNames returns the names of the packs of one store that another does not have.
func packNames(files, without fileSet) (names []string) {
	for _, name := range files.names() {
		if _, ok := without[name]; !ok && filepath.Ext(name) == ".pack" {
			names = append(names, name)
		}
	}
	return names
}

// storeID returns the id that a store's packs name.
func storeID(t *testing.T, files fileSet) string {
	t.Helper()
	words := strings.Fields(files["packs/STORE"].bytes)
	if len(words) == 0 {
		t.Fatal("the packs name no store")
	}
	return words[len(words)-1]
}

// TestOlderRows puts the rows of an earlier time, with their note, beside the packs of today. The store opens, and keeps the packs that
// the rows do not know.
func TestOlderRows(t *testing.T) {
	t.Parallel()
	files := makeFileStores(t)
	dir := mixed(t, files["closed"], files["older"], "kv", "kv.note")
	s, err := pfs.Open(ctx, dir, pfstest.Options(t))
	noError(t, err)
	newer := packNames(files["closed"], files["older"])
	if len(newer) == 0 {
		t.Fatal("no pack is newer")
	}
	wantHeld(t, dir, s, newer...)
	for _, name := range newer {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is there, though it was said that it may go", name)
		}
	}
}

// TestForeignRows repairs a store whose rows, with their note, are those of another one. No pack is removed, and the check names
// both stores. So it is when only the packs are those of another store.
func TestForeignRows(t *testing.T) {
	t.Parallel()
	files := makeFileStores(t)
	for name, parts := range map[string][]string{
		"rows": {"kv", "kv.note"}, "packs": {"packs"}, "rows, no note": {"kv"},
	} {
		t.Run(name, func(t *testing.T) {
			rest := files["closed"]
			if name == "rows, no note" {
				rest = fileSet{}
				for name, is := range files["closed"] {
					if name != "kv.note" {
						rest[name] = is
					}
				}
			}
			dir := mixed(t, rest, files["other"], parts...)
			_, err := pfs.Open(ctx, dir, pfstest.Options(t))
			wantKind(t, err, pfs.KindCorrupt)
			wantHeld(t, dir, repaired(t, dir), storeID(t, files["closed"]), storeID(t, files["other"]))
		})
	}
}

// TestForeignDamagedRows repairs a store whose rows are those of another one, and damaged.
func TestForeignDamagedRows(t *testing.T) {
	t.Parallel()
	files := makeFileStores(t)
	dir := mixed(t, files["closed"], files["other"], "kv", "kv.note")
	noError(t, os.Truncate(filepath.Join(dir, "kv", "MANIFEST"), 5))
	wantHeld(t, dir, repaired(t, dir), storeID(t, files["closed"]), storeID(t, files["other"]))
}

// TestRowsWithoutTheirNote repairs a store whose rows, without their note, are those of another one, or of an earlier time: it is a
// loss that they are not those of the note.
func TestRowsWithoutTheirNote(t *testing.T) {
	t.Parallel()
	files := makeFileStores(t)
	for from, says := range map[string]string{"other": storeID(t, files["other"]), "older": "the file is missing"} {
		t.Run(from, func(t *testing.T) {
			dir := mixed(t, files["closed"], files[from], "kv")
			_, err := pfs.Open(ctx, dir, pfstest.Options(t))
			wantKind(t, err, pfs.KindCorrupt)
			wantHeld(t, dir, repaired(t, dir), says)
		})
	}
}

// TestEmptiedRows has the directory of rows empty, as when its disk is not mounted: the message says so, and no file is made.
func TestEmptiedRows(t *testing.T) {
	t.Parallel()
	files := makeFileStores(t)
	dir := mixed(t, files["closed"], fileSet{}, "kv")
	noError(t, os.Mkdir(filepath.Join(dir, "kv"), 0o700))
	for _, try := range []func() error{
		func() error { _, err := pfs.Open(ctx, dir, pfstest.Options(t)); return err },
		func() error { _, err := pfs.Salvage(ctx, dir, pfstest.Options(t)); return err },
	} {
		err := try()
		wantKind(t, err, pfs.KindCorrupt)
		if err != nil && !strings.Contains(err.Error(), "kv is empty or missing: look whether its disk is mounted") {
			t.Errorf("it does not say what to do: %v", err)
		}
		made, err := os.ReadDir(filepath.Join(dir, "kv"))
		noError(t, err)
		if _, err := os.Lstat(filepath.Join(dir, "kv.salvaged")); err == nil || len(made) > 0 {
			t.Errorf("it made %v", made)
		}
	}
}
