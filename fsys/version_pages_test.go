package fsys_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/fsys"
	"pfsd/pfs"
)

// CreateTag makes a tag of what a branch shows.
func (c *Child) CreateTag(a RenameArgs, _ *int) error {
	from, err := pfs.ParseRef(a.From)
	if err != nil {
		return err
	}
	to, err := pfs.ParseRef(a.To)
	if err != nil {
		return err
	}
	_, err = c.store.CreateTag(context.Background(), to, from)
	return err
}

// names returns what is listed in a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s has %q, %v, want %q", path, got, err, want)
	}
}

// TestVersionPages looks at earlier versions below the root of a mount.
func TestVersionPages(t *testing.T) {
	f := newFixture(t)
	f.put("dir/file", "one")
	f.put("dir/file", "two")
	f.call("CreateTag", RenameArgs{branch, "v2.data"}, nil)
	f.put("dir/file", "three")
	hidden := filepath.Join(f.dir, ".pfs")
	if got := names(t, f.dir); !slices.Equal(got, []string{"dir"}) {
		t.Errorf("the root lists %q", got)
	}
	if got := names(t, hidden); !slices.Equal(got, []string{"commits", "head", "status", "tags"}) {
		t.Errorf("the page lists %q", got)
	}
	wantText(t, filepath.Join(hidden, "commits/HEAD/dir/file"), "three")
	wantText(t, filepath.Join(hidden, "commits/HEAD^2/dir/file"), "one")
	wantText(t, filepath.Join(hidden, "commits/HEAD~1/dir/file"), "two")
	wantText(t, filepath.Join(hidden, "tags/v2/dir/file"), "two")
	head, err := os.ReadFile(filepath.Join(hidden, "head"))
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimSpace(string(head))
	wantText(t, filepath.Join(hidden, "commits", id, "dir/file"), "three")
	// HEAD moves on; what a commit is called by its id does not.
	f.put("dir/file", "four")
	wantText(t, filepath.Join(hidden, "commits/HEAD/dir/file"), "four")
	wantText(t, filepath.Join(hidden, "commits/HEAD^2/dir/file"), "two")
	wantText(t, filepath.Join(hidden, "commits", id, "dir/file"), "three")
	listed := names(t, filepath.Join(hidden, "commits"))
	if !slices.Contains(listed, id) || !slices.Contains(listed, "HEAD") || len(listed) != 6 {
		t.Errorf("listed are %q", listed)
	}
	if got := names(t, filepath.Join(hidden, "tags")); !slices.Equal(got, []string{"v2"}) {
		t.Errorf("the tags are %q", got)
	}
	nobodys := strings.Repeat("0", 31) + "1"
	for _, missing := range []string{"commits/HEAD^9", "commits/" + nobodys, "tags/none", "tags/master", "none"} {
		if _, err := os.Stat(filepath.Join(hidden, missing)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", missing, err)
		}
	}
	run(t, f.dir, "cp -r .pfs/commits/HEAD^2 restored")
	wantText(t, filepath.Join(f.dir, "restored/dir/file"), "two")
	run(t, f.dir, "diff -r .pfs/tags/v2 restored")
	if got := run(t, f.dir, "find .pfs/commits/HEAD^2 -type f"); got != ".pfs/commits/HEAD^2/dir/file\n" {
		t.Errorf("find prints %q", got)
	}
	status, err := os.ReadFile(filepath.Join(hidden, "status"))
	if err != nil || !bytes.Contains(status, []byte("branch: master.data\n")) || !bytes.Contains(status, []byte("dirty: 0\n")) {
		t.Errorf("the status is %q, %v", status, err)
	}
}

// TestVersionPagesReadOnly tries to change what is below the reserved name, and to make the name.
func TestVersionPagesReadOnly(t *testing.T) {
	f := newFixture(t)
	f.put("dir/file", "one")
	hidden := filepath.Join(f.dir, ".pfs")
	file := filepath.Join(f.dir, "dir/file")
	for _, dir := range []string{hidden, filepath.Join(hidden, "commits"), filepath.Join(hidden, "commits/HEAD/dir")} {
		name := filepath.Join(dir, "x")
		for what, err := range map[string]error{
			"create": os.WriteFile(name, nil, 0o644), "mkdir": os.Mkdir(name, 0o755), "symlink": os.Symlink("x", name),
			"mknod": unix.Mknod(name, unix.S_IFIFO, 0), "chmod": os.Chmod(dir, 0o700), "setxattr": unix.Setxattr(dir, "user.x", nil, 0),
		} {
			if os.Geteuid() == 0 { // Others are refused by modes.
				wantErr(t, what+" in "+dir, err, syscall.EROFS)
			}
		}
		if err := os.Rename(file, name); !errors.Is(err, syscall.EXDEV) && !errors.Is(err, fs.ErrPermission) {
			t.Errorf("rename into %s: %v", dir, err)
		}
	}
	wantErr(t, "mkdir of the page", os.Mkdir(hidden, 0o755), syscall.EEXIST)
	wantErr(t, "rmdir of the page", unix.Rmdir(hidden), syscall.EBUSY)
	wantErr(t, "rename of the page", unix.Rename(hidden, hidden+"x"), syscall.EBUSY)
	wantErr(t, "rename onto the page", unix.Rename(filepath.Join(f.dir, "dir"), hidden), syscall.EBUSY)
	if err := os.MkdirAll(filepath.Join(f.dir, "dir/.pfs"), 0o755); err != nil {
		t.Errorf("elsewhere it is a name as any other: %v", err)
	}
	if _, err := os.Stat(filepath.Join(hidden, "commits/HEAD/.pfs")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a version has the page, too: %v", err)
	}
}

// TestBarrier has one mount see what was done in another one before it read its head.
func TestBarrier(t *testing.T) {
	f := newFixture(t)
	other := filepath.Join(f.root, "other")
	f.mount(branch, other)
	for i := range 100 {
		text := fmt.Sprint("round ", i)
		if err := os.WriteFile(filepath.Join(f.dir, "file"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		head, err := os.ReadFile(filepath.Join(other, ".pfs/head"))
		if err != nil {
			t.Fatal(err)
		}
		wantText(t, filepath.Join(other, "file"), text)
		wantText(t, filepath.Join(other, ".pfs/commits", strings.TrimSpace(string(head)), "file"), text)
	}
}

// TestVersionPagesOfACommit looks below a mount that is a version itself.
func TestVersionPagesOfACommit(t *testing.T) {
	f := newFixture(t)
	f.put("file", "one")
	f.put("file", "two")
	f.put("file", "three")
	old := filepath.Join(f.root, "old")
	f.mount("master^1.data", old)
	wantText(t, filepath.Join(old, "file"), "two")
	wantText(t, filepath.Join(old, ".pfs/commits/HEAD^/file"), "one")
	head, err := os.ReadFile(filepath.Join(old, ".pfs/head"))
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, filepath.Join(old, ".pfs/commits", strings.TrimSpace(string(head)), "file"), "two")
}

// TestPagesAreForgotten walks through more versions than the kernel is then made to remember.
func TestPagesAreForgotten(t *testing.T) {
	f := newFixture(t)
	for i := range 20 {
		f.put("file", fmt.Sprint(i))
	}
	for i := range 20 {
		wantText(t, filepath.Join(f.dir, fmt.Sprintf(".pfs/commits/HEAD^%d/file", i)), fmt.Sprint(19-i))
	}
	for i := range 20 {
		f.put("file", fmt.Sprint(20+i))
		wantText(t, filepath.Join(f.dir, ".pfs/commits/HEAD/file"), fmt.Sprint(20+i))
	}
	var trees int
	if f.call("Trees", f.dir, &trees); trees > 35 {
		t.Errorf("there are %d trees", trees)
	}
}

// Trees returns how many trees a mount has.
func (c *Child) Trees(dir string, out *int) error {
	*out = fsys.Trees(c.servers[dir])
	return nil
}

// TestRestore copies a large file of an old version to where it was: no bytes move.
func TestRestore(t *testing.T) {
	f := newFixture(t)
	old := strings.Repeat("a line of the old version\n", 200_000)
	f.put("file", old)
	f.put("file", "new")
	before := f.requests("WRITE")
	from, err := os.Open(filepath.Join(f.dir, ".pfs/commits/HEAD^/file"))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(f.dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	for {
		n, err := unix.CopyFileRange(int(from.Fd()), nil, int(to.Fd()), nil, 1<<30, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	wantText(t, filepath.Join(f.dir, "file"), old)
	if got := f.get("file"); string(got.Data) != old {
		t.Errorf("the store has %d bytes", len(got.Data))
	}
	if writes := f.requests("WRITE") - before; writes > 0 {
		t.Errorf("it took %d WRITEs", writes)
	}
}
