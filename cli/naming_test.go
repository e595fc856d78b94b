package cli

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestInvalidNames stores a directory, and an archive, with names that are not UTF-8: all are named, and nothing is stored, unless
// they may have other names.
func TestInvalidNames(t *testing.T) {
	data := newData(t)
	ok(t, data, "", "repo", "create", "names")
	dir := t.TempDir()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, name := range []string{"a", "b\xff", "d\xfe/", "d\xfe/e", "d\xfe/f\xe4\xf6", "z"} {
		local := filepath.Join(dir, name)
		head := tar.Header{Name: name, Mode: 0o644, Size: 1, Format: tar.FormatGNU}
		if strings.HasSuffix(name, "/") {
			head.Typeflag, head.Size = tar.TypeDir, 0
			if err := os.Mkdir(local, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(local, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := w.WriteHeader(&head); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("x")[:head.Size]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	tarFile := filepath.Join(t.TempDir(), "a.tar")
	if err := os.WriteFile(tarFile, archive.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, args := range [][]string{{"put", dir}, {"import", dir}, {"import", tarFile}, {"put", filepath.Join(dir, "b\xff"), filepath.Join(dir, "a"), dir}} {
		to := "names:/" + string(rune('p'+i)) + "/"
		r := pfsd(t, data, "", append(slices.Clone(args), to)...)
		for _, want := range []string{`b\xff"`, `f\xe4\xf6"`, "--rename-invalid"} {
			if r.code != 1 || !strings.Contains(r.stderr, want) {
				t.Errorf("%v: %+v", args, r)
			}
		}
		if out := ok(t, data, "", "ls", "names"); strings.Contains(out, string(rune('p'+i))) {
			t.Errorf("%v: %q is stored", args, out)
		}
		r = pfsd(t, data, "", append(append([]string{args[0], "--rename-invalid"}, args[1:]...), to)...)
		if r.code != 0 || !strings.Contains(r.stderr, "b%FF") {
			t.Errorf("%v: %+v", args, r)
		}
		out := ok(t, data, "", "glob", "names:/"+string(rune('p'+i))+"/**")
		for _, want := range []string{"/b%FF", "/d%FE/e", "/d%FE/f%E4%F6", "/z"} {
			if !strings.Contains(out, want) {
				t.Errorf("%v: %q is not in %q", args, want, out)
			}
		}
	}
	// Two names for one place are none.
	if err := os.WriteFile(filepath.Join(dir, "b%FF"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := pfsd(t, data, "", "put", "--rename-invalid", dir, "names:/twice/"); r.code != 1 || !strings.Contains(r.stderr, "would both be") {
		t.Errorf("two names for one place: %+v", r)
	}
}
