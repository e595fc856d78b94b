package datadir_test

import (
	"os"
	"path/filepath"
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
	d, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
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

func TestOpenRefusesOthersFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(dir); err == nil {
		t.Error("a directory with other files was taken for a data directory")
	}
}

func TestCheckMountPoint(t *testing.T) {
	base, err := datadir.Canonical(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d, err := datadir.Open(filepath.Join(base, "data"))
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
		if err := d.CheckMountPoint(c.dir); (err == nil) != c.ok {
			t.Errorf("CheckMountPoint(%s) = %v", c.dir, err)
		}
	}
}

// TestOpenTakesCopies opens copies of a store without its lock, and a file system that was just made.
func TestOpenTakesCopies(t *testing.T) {
	for _, c := range []struct {
		what string
		make func(dir string) error
	}{
		{"a store without a lock", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "FORMAT"), []byte("pfsd store, format 1\n"), 0o600)
		}},
		{"a new file system", func(dir string) error { return os.Mkdir(filepath.Join(dir, "lost+found"), 0o700) }},
	} {
		dir := t.TempDir()
		if err := c.make(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := datadir.Open(dir); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
