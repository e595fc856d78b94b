package fsys_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// openAndLinked returns a file that was open for writing in the mount when another mount gave it a second name, b, that has
// been looked up since, so that the mount knows two inodes of it.
func (f *fixture) openAndLinked() (file *os.File, b string) {
	f.t.Helper()
	there := f.second()
	a, b := filepath.Join(f.dir, "a"), filepath.Join(f.dir, "b")
	must(f.t, os.WriteFile(a, []byte("old"), 0o644))
	file, err := os.OpenFile(a, os.O_WRONLY, 0)
	must(f.t, err)
	f.t.Cleanup(func() { file.Close() })
	f.put("barrier", "")
	must(f.t, os.Link(filepath.Join(there, "a"), filepath.Join(there, "b")))
	f.put("barrier", "")
	f.wantFile(b, "old")
	return file, b
}

// soon looks for what the kernel is told of in the background.
func soon(t *testing.T, is func() bool) {
	t.Helper()
	for range 100_000 {
		if is() {
			return
		}
	}
	t.Error("the kernel was not told")
}

// TestLinkElsewhereWhileOpen closes a written file that has got a name in another mount: that shows the bytes, too.
func TestLinkElsewhereWhileOpen(t *testing.T) {
	f := newFixture(t)
	file, b := f.openAndLinked()
	_, err := file.WriteString("new")
	must(t, err)
	must(t, file.Close())
	if got := f.get("b"); string(got.Data) != "new" {
		t.Errorf("the store has %q", got.Data)
	}
	soon(t, func() bool {
		data, err := os.ReadFile(b)
		return err == nil && string(data) == "new"
	})
	f.wantFile(filepath.Join(f.dir, "a"), "new")
	_, first := links(t, filepath.Join(f.dir, "a"))
	if _, second := links(t, b); first != second {
		t.Errorf("the names are of inodes %d and %d", first, second)
	}
}

// TestLinkElsewhereAttributes changes attributes through the handle of such a file, after its other name was looked up and its
// own state was read.
func TestLinkElsewhereAttributes(t *testing.T) {
	f := newFixture(t)
	file, b := f.openAndLinked()
	var st unix.Stat_t
	must(t, unix.Fstat(int(file.Fd()), &st))
	must(t, file.Chmod(0o600))
	must(t, unix.Fsetxattr(int(file.Fd()), "user.note", []byte("kept"), 0))
	soon(t, func() bool {
		info, err := os.Stat(b)
		return err == nil && info.Mode() == 0o600
	})
	if value := getXattr(t, b, "user.note"); value != "kept" {
		t.Errorf("extended attribute through another name: %q", value)
	}
	_, err := file.WriteString("new")
	must(t, err)
	must(t, file.Sync())
	if got := f.get("b"); string(got.Data) != "new" {
		t.Errorf("the store has %q", got.Data)
	}
}
