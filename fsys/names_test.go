package fsys_test

import (
	"fmt"
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

// TestPromisedNameElsewhere makes all that can be made at a name at which another mount has a new file open.
func TestPromisedNameElsewhere(t *testing.T) {
	f := newFixture(t)
	there := f.second()
	must(t, os.WriteFile(filepath.Join(f.dir, "file"), nil, 0o644))
	must(t, os.Mkdir(filepath.Join(f.dir, "dir"), 0o755))
	f.put("barrier", "")
	lock, err := os.OpenFile(filepath.Join(f.dir, "lock"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	must(t, err)
	_, err = lock.WriteString("mine")
	must(t, err)
	file, dir, name := filepath.Join(there, "file"), filepath.Join(there, "dir"), filepath.Join(there, "lock")
	wantErr(t, "symlink", os.Symlink("yours", name), syscall.EEXIST)
	wantErr(t, "mkdir", os.Mkdir(name, 0o755), syscall.EEXIST)
	wantErr(t, "mknod", unix.Mknod(name, unix.S_IFREG|0o644, 0), syscall.EEXIST)
	wantErr(t, "link", os.Link(file, name), syscall.EEXIST)
	wantErr(t, "rename", unix.Renameat2(-1, file, -1, name, unix.RENAME_NOREPLACE), syscall.EEXIST)
	wantErr(t, "rename of a directory", syscall.Rename(dir, name), syscall.ENOTDIR)
	fd, err := unix.Open(there, unix.O_TMPFILE|unix.O_RDWR, 0o640)
	must(t, err)
	defer unix.Close(fd)
	wantErr(t, "link of a nameless file", unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, name,
		unix.AT_SYMLINK_FOLLOW), syscall.EEXIST)
	must(t, lock.Close())
	if got := f.get("lock"); string(got.Data) != "mine" {
		t.Errorf("the store has %q, absent %v", got.Data, got.Absent)
	}
	must(t, os.Rename(file, name))
}
