package datadir_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/cli/internal/datadir"
)

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		name, flag string
		env        map[string]string
		want       string
	}{
		{"flag first", "/f", map[string]string{"PFSD_DATA": "/p"}, "/f"},
		{"own variable", "", map[string]string{"PFSD_DATA": "/p", "XDG_DATA_HOME": "/x"}, "/p"},
		{"xdg", "", map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/pfsd"},
		{"relative xdg is ignored", "", map[string]string{"XDG_DATA_HOME": "x", "HOME": "/h"}, "/h/.local/share/pfsd"},
		{"home", "", map[string]string{"HOME": "/h"}, "/h/.local/share/pfsd"},
		{"nothing", "", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := datadir.Locate(c.flag, func(k string) string { return c.env[k] })
			if got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("Locate = %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestOpenMakesPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	d, empty, err := datadir.Make(path)
	if err != nil || !empty {
		t.Fatal(empty, err)
	}
	if err := os.WriteFile(d.Lock(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(path); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v; want 0700", st.Mode(), err)
	}
}

// TestContents opens and makes stores in directories that hold all kinds of things. Nothing is ever made by Open, and Make
// finds a directory empty only when no file of a store is in it.
func TestContents(t *testing.T) {
	for _, c := range []struct {
		what  string
		names []string // those that end in a slash are directories
		// store says that Open finds a store, empty that Make finds none and accepts the directory.
		store, empty bool
	}{
		{"nothing", nil, false, true},
		{"a new file system", []string{"lost+found/"}, false, true},
		{"a store whose making was interrupted", []string{"FORMAT.123", "lost+found/"}, false, true},
		{"a store without a lock", []string{"FORMAT", "kv/", "packs/"}, true, false},
		{"the name of the format alone", []string{"FORMAT"}, true, false},
		{"rows alone", []string{"kv/"}, true, false},
		{"packs alone", []string{"packs/"}, true, false},
		{"damaged rows alone", []string{"kv.damaged-1/"}, true, false},
		{"a lock alone", []string{"host.lock"}, true, false},
		{"a socket alone", []string{"sock"}, true, false},
		{"scratch space alone", []string{"scratch/"}, true, false},
		{"other files", []string{"thesis.tex"}, false, false},
		{"other files beside a store", []string{"thesis.tex", "FORMAT"}, true, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range c.names {
				var err error
				if strings.HasSuffix(name, "/") {
					err = os.Mkdir(filepath.Join(dir, name), 0o700)
				} else {
					err = os.WriteFile(filepath.Join(dir, name), nil, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if _, err := datadir.Open(dir); c.store != (err == nil) || err != nil && !errors.Is(err, datadir.ErrNoStore) {
				t.Errorf("Open: %v", err)
			}
			_, empty, err := datadir.Make(dir)
			if empty != c.empty || (err == nil) != (c.store || c.empty) {
				t.Errorf("Make: %t, %v", empty, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != len(c.names) {
				t.Errorf("it holds %v, %v", left, err)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "a", "b")
	if _, err := datadir.Open(missing); !errors.Is(err, datadir.ErrNoStore) {
		t.Errorf("Open of a directory that is missing: %v", err)
	}
	if _, err := os.Lstat(filepath.Dir(missing)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open made a directory: %v", err)
	}
}

func TestCheckMountPoint(t *testing.T) {
	base, err := datadir.Canonical(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir string
		ok  bool
	}{
		{filepath.Join(base, "data"), false},
		{filepath.Join(base, "data", "m"), false},
		{base, false},
		{"/", false},
		{filepath.Join(base, "data2"), true},
		{filepath.Join(base, "m"), true},
	} {
		if err := datadir.CheckMountPoint(filepath.Join(base, "data"), c.dir); (err == nil) != c.ok {
			t.Errorf("CheckMountPoint(%s) = %v", c.dir, err)
		}
	}
}
