package fsys_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// links returns how many names stat(2) says that a file has, and its inode number.
func links(t *testing.T, path string) (names, inode uint64) {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		t.Fatal(err)
	}
	return uint64(st.Nlink), st.Ino
}

func wantLinks(t *testing.T, path string, want uint64) {
	t.Helper()
	if got, _ := links(t, path); got != want {
		t.Errorf("%s has %d names, want %d", filepath.Base(path), got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestHardLinks changes a file through its names and looks at it through the others.
func TestHardLinks(t *testing.T) {
	f := newFixture(t)
	a, b, c := filepath.Join(f.dir, "a"), filepath.Join(f.dir, "dir/b"), filepath.Join(f.dir, "c")
	must(t, os.Mkdir(filepath.Dir(b), 0o755))
	must(t, os.WriteFile(a, []byte("one"), 0o644))
	must(t, os.Link(a, b))
	wantLinks(t, a, 2)
	_, first := links(t, a)
	if _, second := links(t, b); first != second {
		t.Errorf("the names are of inodes %d and %d", first, second)
	}
	file, err := os.OpenFile(b, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = file.WriteString(" two")
	must(t, err)
	f.wantFile(a, "one two") // also before it is closed
	must(t, file.Close())
	for _, path := range []string{"a", "dir/b"} {
		if got := string(f.get(path).Data); got != "one two" {
			t.Errorf("the store has %q at %s", got, path)
		}
	}
	must(t, os.Chmod(a, 0o600))
	if info, err := os.Stat(b); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("chmod through another name: %v %v", info, err)
	}
	must(t, unix.Setxattr(b, "user.note", []byte("x"), 0))
	if value := getXattr(t, a, "user.note"); value != "x" {
		t.Errorf("extended attribute through another name: %q", value)
	}
	wantErr(t, "link onto a name", os.Link(a, b), syscall.EEXIST)
	wantErr(t, "link of a directory", os.Link(filepath.Dir(b), c), syscall.EPERM)
	must(t, os.Rename(a, b)) // does nothing
	wantLinks(t, a, 2)
	must(t, os.Link(b, c))
	must(t, os.Remove(b))
	wantLinks(t, a, 2)
	must(t, os.Rename(c, b))
	must(t, os.WriteFile(c, []byte("other"), 0o644))
	must(t, os.Rename(c, a))
	wantLinks(t, b, 1)
	f.wantFile(a, "other")
	f.wantFile(b, "one two")
}

// wantFile fails the test unless a file of the mount has a text.
func (f *fixture) wantFile(path, want string) {
	f.t.Helper()
	if got, err := os.ReadFile(path); string(got) != want {
		f.t.Errorf("%s: %q, want %q (%v)", filepath.Base(path), got, want, err)
	}
}

// TestHardLinksOfOpenFiles removes, replaces and adds names of a file while a handle of it is open and written.
func TestHardLinksOfOpenFiles(t *testing.T) {
	f := newFixture(t)
	a, b := filepath.Join(f.dir, "a"), filepath.Join(f.dir, "b")
	file, err := os.Create(a)
	must(t, err)
	_, err = file.WriteString("first")
	must(t, err)
	must(t, os.Link(a, b)) // of a file that nobody else knows of yet
	must(t, os.Remove(a))
	_, err = file.WriteString(" second")
	must(t, err)
	must(t, file.Close())
	f.wantFile(b, "first second")
	if got := string(f.get("b").Data); got != "first second" {
		t.Errorf("the store has %q", got)
	}
	file, err = os.OpenFile(b, os.O_RDWR, 0)
	must(t, err)
	must(t, os.Link(b, a))
	f.put("b", "put") // breaks b off
	_, err = file.WriteAt([]byte("third"), 0)
	must(t, err)
	must(t, file.Sync())
	f.wantFile(a, "third second")
	f.wantFile(b, "put")
	wantLinks(t, a, 1)
	must(t, os.Remove(a))
	var st syscall.Stat_t
	must(t, syscall.Fstat(int(file.Fd()), &st))
	if st.Nlink != 0 {
		t.Errorf("a file without a name has %d", st.Nlink)
	}
	must(t, file.Close())
}

// TestTmpfileGetsName links a file that was opened with O_TMPFILE.
func TestTmpfileGetsName(t *testing.T) {
	f := newFixture(t)
	fd, err := unix.Open(f.dir, unix.O_TMPFILE|unix.O_RDWR, 0o640)
	must(t, err)
	file := os.NewFile(uintptr(fd), "tmpfile")
	defer file.Close()
	_, err = file.WriteString("text")
	must(t, err)
	name := filepath.Join(f.dir, "name")
	must(t, unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW))
	f.wantFile(name, "text")
	wantLinks(t, name, 1)
	_, err = file.WriteString(" and more")
	must(t, err)
	must(t, file.Sync())
	if got := string(f.get("name").Data); got != "text and more" {
		t.Errorf("the store has %q", got)
	}
	must(t, os.Link(name, name+"2"))
	wantLinks(t, name, 2)
}

// TestHardLinksElsewhere changes a file with several names in one mount, and through another door, under the eyes of
// another mount that has its names in its caches.
func TestHardLinksElsewhere(t *testing.T) {
	f := newFixture(t)
	there := filepath.Join(f.root, "there")
	must(t, os.Mkdir(there, 0o755))
	f.mount(branch, there)
	here := func(name string) string { return filepath.Join(f.dir, name) }
	far := func(name string) string { return filepath.Join(there, name) }
	must(t, os.WriteFile(here("a"), []byte("1"), 0o644))
	must(t, os.Link(here("a"), here("b")))
	f.put("barrier", "") // is answered when all mounts have been told of what was before
	f.wantFile(far("a"), "1")
	f.wantFile(far("b"), "1")
	wantLinks(t, far("b"), 2)
	must(t, os.WriteFile(here("a"), []byte("2"), 0o644))
	f.put("barrier", "") // is answered when all mounts have been told of what was before
	f.wantFile(far("a"), "2")
	f.wantFile(far("b"), "2")
	must(t, os.Link(far("b"), far("c")))
	f.put("barrier", "")
	wantLinks(t, here("a"), 3)
	_, first := links(t, here("a"))
	if _, second := links(t, here("c")); first != second {
		t.Errorf("the names are of inodes %d and %d", first, second)
	}
	f.remove("a")
	wantLinks(t, here("b"), 2)
	wantLinks(t, far("b"), 2)
	f.put("b", "new")
	for _, name := range []func(string) string{here, far} {
		f.wantFile(name("b"), "new")
		f.wantFile(name("c"), "2")
		wantLinks(t, name("c"), 1)
	}
}

// TestHardLinksRemount looks at names of one file after the mount has been made anew.
func TestHardLinksRemount(t *testing.T) {
	f := newFixture(t)
	must(t, os.WriteFile(filepath.Join(f.dir, "a"), []byte("text"), 0o644))
	must(t, os.Link(filepath.Join(f.dir, "a"), filepath.Join(f.dir, "b")))
	must(t, os.Symlink("to", filepath.Join(f.dir, "s")))
	must(t, os.Link(filepath.Join(f.dir, "s"), filepath.Join(f.dir, "s2")))
	f.call("Unmount", f.dir, nil)
	f.mount(branch, f.dir)
	_, first := links(t, filepath.Join(f.dir, "b"))
	if names, second := links(t, filepath.Join(f.dir, "a")); first != second || names != 2 {
		t.Errorf("the names are of inodes %d and %d, which has %d", first, second, names)
	}
	wantLinks(t, filepath.Join(f.dir, "s2"), 2)
	if to, err := os.Readlink(filepath.Join(f.dir, "s2")); to != "to" {
		t.Errorf("readlink: %q %v", to, err)
	}
}
