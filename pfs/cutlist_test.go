package pfs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestCutListWrongTables cuts the list of tables after its first bytes and inverts the last byte of each table. The store does not
// open, neither with a note of its rows nor without, as an older program has left it; nothing is deleted; with its own files
// it is whole.
func TestCutListWrongTables(t *testing.T) {
	t.Parallel()
	files := makeFileStores(t)
	for _, store := range []string{"closed", "killed"} {
		for _, without := range []string{"", "kv.note", "kv.note packs/STORE"} {
			t.Run(store+" without "+without, func(t *testing.T) {
				all := []hurt{{name: "kv/MANIFEST", what: "cut to 20", image: files[store]["kv/MANIFEST"].cut(20)}}
				for name, is := range files[store] {
					if strings.HasSuffix(name, ".sst") {
						all = append(all, hurt{name: name, what: "wrong last", image: is.wrong(len(is.bytes) - 1)})
					}
				}
				for _, name := range strings.Fields(without) {
					all = append(all, hurt{name: name, what: "missing", missing: true})
				}
				if got := tryHurt(t, files[store], all...); got != refused && (store == "closed" || without == "") {
					t.Errorf("%s", got)
				}
			})
		}
	}
}

// TestOlderPrograms opens a store as an older program has left it, without a note and without an owner of its packs: it is
// whole, and has both from then on.
func TestOlderPrograms(t *testing.T) {
	t.Parallel()
	files := makeFileStores(t)
	for _, store := range []string{"closed", "killed"} {
		dir := t.TempDir()
		files[store].writeTo(t, dir)
		noError(t, os.Remove(filepath.Join(dir, "kv.note")))
		noError(t, os.Remove(filepath.Join(dir, "packs", "STORE")))
		s := pfstest.OpenDisk(t, dir)
		if got := contentsOf(t, s); got != whole {
			t.Errorf("%s: %s", store, got)
		}
		noError(t, s.Close())
		for _, name := range []string{"kv.note", "packs/STORE"} {
			if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(b) == 0 {
				t.Errorf("%s: %s: %v", store, name, err)
			}
		}
	}
}

// TestExchangedParts puts the rows, and the packs, of one store in the place of those of another, and a part of the same store from
// an earlier time. It does not open; the message says what is of which store.
func TestExchangedParts(t *testing.T) {
	t.Parallel()
	files := makeFileStores(t)
	for _, c := range []struct{ part, from, says string }{
		{"kv/", "other", "other"}, {"kv/", "older", "newest tables"}, {"packs/", "other", "packs are those of the store"},
		{"kv.note", "other", "store"}, {"packs/", "none", "packs is empty or missing"}, {"kv/", "none", "kv is empty or missing"},
	} {
		t.Run(c.part+" of "+c.from, func(t *testing.T) {
			mixed := fileSet{}
			for name, is := range files["closed"] {
				if !strings.HasPrefix(name, c.part) {
					mixed[name] = is
				}
			}
			for name, is := range files[c.from] {
				if strings.HasPrefix(name, c.part) {
					mixed[name] = is
				}
			}
			dir := t.TempDir()
			mixed.writeTo(t, dir)
			_, err := pfs.Open(ctx, dir, pfstest.Options(t))
			if pfs.KindOf(err) != pfs.KindCorrupt || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it opens: %v", err)
			}
			checkKept(t, dir, mixed, nil)
			mend(t, dir, mixed, nil)
		})
	}
}

// TestOtherFormat has a file that names a later version of the format, or features of one: the store is refused, and not mended.
// One with a wrong byte is mended.
func TestOtherFormat(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	makeRepo(t, s, "r")
	noError(t, s.Close())
	name := filepath.Join(dir, "FORMAT")
	for text, kind := range map[string]pfs.Kind{
		"pfsd store, format 3\n": pfs.KindInvalid, "pfsd store, format 2\nfeatures: births wings\n": pfs.KindInvalid,
		"pfsd store, format 2\nfeatures: birtxs\n": pfs.KindCorrupt, "pfsd_store, format 1\n": pfs.KindCorrupt,
	} {
		noError(t, os.WriteFile(name, []byte(text), 0o600))
		_, err := pfs.Open(ctx, dir, pfstest.Options(t))
		wantKind(t, err, kind)
		_, err = pfs.Salvage(ctx, dir, pfstest.Options(t))
		if kind == pfs.KindInvalid {
			wantKind(t, err, kind)
			if left, err := os.ReadFile(name); err != nil || string(left) != text {
				t.Errorf("it was changed: %q, %v", left, err)
			}
			continue
		}
		noError(t, err)
		s := pfstest.OpenDisk(t, dir)
		pfstest.Check(t, s)
		noError(t, s.Close())
	}
}
