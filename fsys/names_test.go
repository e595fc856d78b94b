package fsys_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// second mounts the branch once more, and returns where.
func (f *fixture) second() string {
	f.t.Helper()
	dir := filepath.Join(f.root, "second")
	f.mount(branch, dir)
	return dir
}

// TestRenameAboveNewFileElsewhere renames a directory in which another mount has a new file open.
func TestRenameAboveNewFileElsewhere(t *testing.T) {
	f := newFixture(t)
	there := f.second()
	must(t, os.Mkdir(filepath.Join(f.dir, "src"), 0o755))
	must(t, os.Mkdir(filepath.Join(f.dir, "other"), 0o755))
	f.put("barrier", "")
	file, err := os.Create(filepath.Join(f.dir, "src/file"))
	must(t, err)
	_, err = file.WriteString("kept")
	must(t, err)
	src, other := filepath.Join(there, "src"), filepath.Join(there, "other")
	wantErr(t, "rename", syscall.Rename(src, filepath.Join(there, "dst")), syscall.EBUSY)
	wantErr(t, "exchange", unix.Renameat2(-1, other, -1, src, unix.RENAME_EXCHANGE), syscall.EBUSY)
	wantErr(t, "remove", syscall.Rmdir(src), syscall.ENOTEMPTY)
	must(t, file.Close())
	must(t, os.Rename(src, filepath.Join(there, "dst")))
	if got := f.get("dst/file"); string(got.Data) != "kept" {
		t.Errorf("the store has %q, absent %v", got.Data, got.Absent)
	}
}
