package format

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// TestMain removes the binary under test when all is done.
func TestMain(m *testing.M) {
	code := m.Run()
	harness.Remove()
	os.Exit(code)
}

// TestReader writes files of every form with the binary under test, and reads them with another reader.
func TestReader(t *testing.T) {
	s := harness.New(t)
	rng := rand.NewChaCha8([32]byte{1})
	noise := func(n int) []byte {
		b := make([]byte, n)
		_, _ = rng.Read(b)
		return b
	}
	holes := noise(40 << 20)
	clear(holes[1<<20 : 30<<20])
	files := map[string][]byte{
		"empty": {}, "small": []byte("hello\n"), "row": noise(32 << 10), "chunk": noise(40 << 10), "window": noise(3 << 20),
		"tree": noise(33<<20 + 1), "holes": holes, "a/b/c/deep": noise(1000),
	}
	wanted := map[string][]byte{} // by their paths in the repo
	local := filepath.Join(s.Dir, "files")
	for path, data := range files {
		wanted["dir/"+path] = data
		name := filepath.Join(local, path)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.Pfsd("repo", "create", "images")
	s.Pfsd("put", local, "images:/dir")
	// Changes of a few of many files, which are stored as what differs: put, changed, and removed.
	many := filepath.Join(s.Dir, "many")
	if err := os.Mkdir(many, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(many, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		wanted["many/"+name] = data
	}
	for i := range 1000 {
		write(fmt.Sprintf("f%03d", i), noise(20))
	}
	s.Pfsd("put", many, "images:/many")
	for i := range 8 {
		name := fmt.Sprintf("f%03d", 100*i+7)
		write(name, noise(30+i))
		write(name+"a", noise(10))
		s.Pfsd("put", filepath.Join(many, name), "images:/many/"+name)
		s.Pfsd("put", filepath.Join(many, name+"a"), "images:/many/"+name+"a")
		gone := fmt.Sprintf("f%03d", 100*i+9)
		s.Pfsd("rm", "images:/many/"+gone)
		delete(wanted, "many/"+gone)
	}
	r, err := openReader(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range wanted {
		got, err := r.cat("images", "master", path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d: %v", path, len(got), len(want), err)
		}
	}
	if r.deltas == 0 {
		t.Error("no node was stored as a delta")
	}
	if r.births < len(wanted) {
		t.Errorf("%d entries with a birth were read, for %d files", r.births, len(wanted))
	}
	if _, err := r.cat("images", "master", "many/f009"); err == nil {
		t.Error("a file that was removed is there")
	}
	if err := r.db.Close(); err != nil {
		t.Error(err)
	}
}

// TestNewerFormat changes the version of the store: it is refused with one line that says so.
func TestNewerFormat(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "images")
	name := filepath.Join(s.Data, "FORMAT")
	own, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for text, says := range map[string]string{
		"pfsd store, format 3\n":                         "format 3",
		"pfsd store, format 2\nfeatures: births wings\n": "lacks: wings",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		res := s.Try("ls", "images")
		if out := res.Stderr; res.Code == 0 || !strings.Contains(out, says) || strings.Count(strings.TrimSpace(out), "\n") > 0 {
			t.Errorf("%q: %q", text, out)
		}
	}
	if err := os.WriteFile(name, own, 0o600); err != nil {
		t.Fatal(err)
	}
}
