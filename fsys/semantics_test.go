package fsys_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wantErr fails the test unless err is want.
func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestNames(t *testing.T) {
	f := newFixture(t)
	long := strings.Repeat("é", 127)
	if err := os.WriteFile(filepath.Join(f.dir, long), nil, 0o644); err != nil {
		t.Error(err)
	}
	_, err := os.Stat(filepath.Join(f.dir, long+"12"))
	wantErr(t, "stat of 256 bytes", err, syscall.ENAMETOOLONG)
	wantErr(t, "mkdir of 256 bytes", os.Mkdir(filepath.Join(f.dir, long+"12"), 0o755), syscall.ENAMETOOLONG)
	wantErr(t, "create of bytes that are no UTF-8", os.WriteFile(f.dir+"/\xff", nil, 0o644), syscall.EILSEQ)
	wantErr(t, "rename to bytes that are no UTF-8", os.Rename(filepath.Join(f.dir, long), f.dir+"/\xff"), syscall.EILSEQ)
	_, err = os.Stat(f.dir + "/\xff")
	wantErr(t, "stat of bytes that are no UTF-8", err, fs.ErrNotExist)
	_, err = os.Stat(filepath.Join(f.dir, long, "below"))
	wantErr(t, "stat below a file", err, syscall.ENOTDIR)
}

func TestRenameFlags(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, b := filepath.Join(f.dir, "a"), filepath.Join(f.dir, "b")
	wantErr(t, "no replace", unix.Renameat2(-1, a, -1, b, unix.RENAME_NOREPLACE), syscall.EEXIST)
	if err := unix.Renameat2(-1, a, -1, b, unix.RENAME_EXCHANGE); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(a); string(got) != "b" || string(f.get("a").Data) != "b" || string(f.get("b").Data) != "a" {
		t.Errorf("after the exchange a has %q", got)
	}
	wantErr(t, "whiteout", unix.Renameat2(-1, a, -1, b, unix.RENAME_WHITEOUT), syscall.EINVAL)
	wantErr(t, "into itself", func() error {
		if err := os.MkdirAll(filepath.Join(f.dir, "d/e"), 0o755); err != nil {
			return err
		}
		return os.Rename(filepath.Join(f.dir, "d"), filepath.Join(f.dir, "d/e/d"))
	}(), syscall.EINVAL)
	wantErr(t, "onto a full directory", func() error {
		if err := os.Mkdir(filepath.Join(f.dir, "g"), 0o755); err != nil {
			return err
		}
		return syscall.Rename(filepath.Join(f.dir, "g"), filepath.Join(f.dir, "d"))
	}(), syscall.ENOTEMPTY)
}

// TestRenameOpen renames the directory above files that are open, written and not linked.
func TestRenameOpen(t *testing.T) {
	f := newFixture(t)
	if err := os.MkdirAll(filepath.Join(f.dir, "old/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(f.dir, "old/deep/file"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("one "); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(f.dir, "old"), filepath.Join(f.dir, "new")); err != nil {
		t.Fatal(err)
	}
	if got := f.get("new/deep/file"); string(got.Data) != "one " {
		t.Errorf("the core has %q, absent %v after the rename", got.Data, got.Absent)
	}
	if _, err := file.WriteString("two"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if got := f.get("new/deep/file"); string(got.Data) != "one two" {
		t.Errorf("the core has %q, absent %v after the close", got.Data, got.Absent)
	}
	if got := f.get("old/deep/file"); !got.Absent {
		t.Error("the old path has it, too")
	}
}

// TestReplaceDirectoryOfNewFile tries to replace, and to remove, a directory whose only file has not been closed yet.
func TestReplaceDirectoryOfNewFile(t *testing.T) {
	f := newFixture(t)
	empty, full := filepath.Join(f.dir, "empty"), filepath.Join(f.dir, "full")
	for _, dir := range []string{empty, full} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Create(filepath.Join(full, "file"))
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "rename over it", syscall.Rename(empty, full), syscall.ENOTEMPTY)
	wantErr(t, "rmdir", os.Remove(full), syscall.ENOTEMPTY)
	if _, err := file.WriteString("kept"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if got := f.get("full/file"); string(got.Data) != "kept" {
		t.Errorf("the core has %q, absent %v", got.Data, got.Absent)
	}
	if err := syscall.Rename(full, empty); err != nil {
		t.Errorf("rename over an empty directory: %v", err)
	}
}

// TestUnlinkOpen uses a file that has no name any more.
func TestUnlinkOpen(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	for _, test := range []struct {
		name string
		do   func() error
	}{
		{"removed", func() error { return os.Remove(name) }},
		{"replaced", func() error {
			if err := os.WriteFile(name+"2", []byte("other"), 0o644); err != nil {
				return err
			}
			return os.Rename(name+"2", name)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if err := test.do(); err != nil {
				t.Fatal(err)
			}
			want := bytes.Repeat([]byte("still here "), 100_000)
			if _, err := file.WriteAt(want, 0); err != nil {
				t.Fatal(err)
			}
			if err := file.Sync(); err != nil {
				t.Error(err)
			}
			got := make([]byte, len(want))
			if _, err := file.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
				t.Error("other bytes, ", err)
			}
			if got := f.get("file"); bytes.Contains(got.Data, []byte("still")) {
				t.Error("it came back")
			}
		})
	}
}

func TestKillPrivileges(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	mode := func() uint32 {
		var st unix.Stat_t
		if err := unix.Stat(name, &st); err != nil {
			t.Fatal(err)
		}
		return st.Mode & 0o7777
	}
	if err := os.WriteFile(name, []byte("#!/bin/true\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Chmod(name, 0o6755); err != nil {
		t.Fatal(err)
	}
	if got := mode(); got != 0o6755 {
		t.Errorf("mode %o after chmod", got)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(name, 1234, 1234); err != nil {
			t.Fatal(err)
		}
		if got := mode(); got != 0o755 {
			t.Errorf("mode %o after chown", got)
		}
	}
}

// TestKillPrivilegesOpen writes to a setuid file as an ordinary user, who sees at once what that does to its mode, and has the
// last word by chmod.
func TestKillPrivilegesOpen(t *testing.T) {
	f := newFixture(t)
	if err := os.Chmod(f.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(f.root, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-euc", `
		echo one > file && chmod 4755 file
		exec 3>> file && echo two >&3
		stat -c %a file && exec 3>&- && stat -c %a file
		exec 3>> file && echo three >&3 && chmod 4711 file
		stat -c %a file && exec 3>&- && stat -c %a file`)
	cmd.Dir = f.dir
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1234, Gid: 1234}}
	}
	out, err := cmd.CombinedOutput()
	if want := "755\n755\n4711\n4711\n"; err != nil || string(out) != want {
		t.Errorf("modes %q, %v, want %q", out, err, want)
	}
}

func TestSpecialFiles(t *testing.T) {
	f := newFixture(t)
	if os.Geteuid() != 0 {
		t.Skip("only root makes devices")
	}
	for name, mode := range map[string]uint32{
		"fifo": unix.S_IFIFO, "socket": unix.S_IFSOCK, "char": unix.S_IFCHR, "block": unix.S_IFBLK, "file": unix.S_IFREG,
	} {
		path := filepath.Join(f.dir, name)
		if err := unix.Mknod(path, mode|0o640, int(unix.Mkdev(8, 3))); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err != nil || st.Mode != mode|0o640 {
			t.Errorf("%s: mode %o, %v", name, st.Mode, err)
		}
		if isDevice := mode == unix.S_IFCHR || mode == unix.S_IFBLK; isDevice && st.Rdev != unix.Mkdev(8, 3) {
			t.Errorf("%s: device %x", name, st.Rdev)
		}
	}
}

func TestTimes(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	at := time.Unix(1_600_000_000, 123_456_789)
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("data"); err != nil {
		t.Fatal(err)
	}
	// As tar and cp -p do: the time is set before the file is closed.
	times := []unix.Timespec{unix.NsecToTimespec(at.UnixNano()), unix.NsecToTimespec(at.UnixNano())}
	if err := unix.UtimesNanoAt(-1, name, times, 0); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || !info.ModTime().Equal(at) {
		t.Errorf("mtime %v, %v", info.ModTime(), err)
	}
	if got := f.get("file"); got.Mtime != at.UnixNano() {
		t.Errorf("the core has mtime %d", got.Mtime)
	}
	if err := os.Chtimes(name, at, at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := f.get("file"); got.Mtime != at.Add(time.Hour).UnixNano() {
		t.Errorf("the core has mtime %d after utimens", got.Mtime)
	}
	f.call("Put", File{Ref: branch, Path: "file", Data: []byte("data"), Mtime: at.UnixNano()}, nil)
	if info, err := os.Stat(name); err != nil || !info.ModTime().Equal(at) {
		t.Errorf("mtime %v, %v after a put of the same bytes", info.ModTime(), err)
	}
}

// TestTimesBefore1970 sets one, as tar and rsync do for files that are that old.
func TestTimesBefore1970(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	must(t, os.WriteFile(name, []byte("data"), 0o644))
	at := time.Unix(-86_400, 250_000_000)
	must(t, os.Chtimes(name, at, at))
	for range 2 {
		if info, err := os.Stat(name); err != nil || !info.ModTime().Equal(at) {
			t.Errorf("mtime %v, %v", info.ModTime(), err)
		}
		f.call("Unmount", f.dir, nil)
		f.mount(branch, f.dir)
	}
}

// TestReadDirWhileChanging lists a directory of some thousand files while others come and go.
func TestReadDirWhileChanging(t *testing.T) {
	f := newFixture(t)
	const n = 2000
	for i := range n {
		if err := os.WriteFile(filepath.Join(f.dir, fmt.Sprintf("stays%04d", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := os.Open(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	var names []string
	for i := 0; ; i++ {
		some, err := dir.Readdirnames(100)
		if err != nil {
			break
		}
		for _, name := range some {
			if strings.HasPrefix(name, "stays") {
				names = append(names, name)
			}
		}
		f.put(fmt.Sprintf("new%d", i), "x")
		if err := os.WriteFile(filepath.Join(f.dir, fmt.Sprintf("more%d", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if i > 1 {
			f.remove(fmt.Sprintf("new%d", i-1))
		}
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != n || len(names) != n {
		t.Errorf("%d names, %d different ones, want %d", len(names), len(slices.Compact(names)), n)
	}
}

func TestSparse(t *testing.T) {
	f := newFixture(t)
	file, err := os.Create(filepath.Join(f.dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const far = 1 << 30
	if _, err := file.WriteAt([]byte("far away"), far); err != nil {
		t.Fatal(err)
	}
	for _, linked := range []bool{false, true} {
		if at, err := unix.Seek(int(file.Fd()), 0, unix.SEEK_DATA); err != nil || at == 0 || at > far {
			t.Errorf("linked %v: data at %d, %v", linked, at, err)
		}
		if at, err := unix.Seek(int(file.Fd()), far, unix.SEEK_HOLE); err != nil || at != far+8 {
			t.Errorf("linked %v: hole at %d, %v", linked, at, err)
		}
		if err := file.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	// By trial, as programs do: a unit of data is a page, wherever in it a byte is written.
	for off := int64(1); off <= 4096; off *= 2 {
		must(t, file.Truncate(0))
		_, err := file.WriteAt([]byte("a"), off)
		must(t, err)
		if at, err := unix.Seek(int(file.Fd()), 0, unix.SEEK_DATA); err != nil || at != off/4096*4096 {
			t.Errorf("a byte at %d: data at %d, %v", off, at, err)
		}
	}
	must(t, file.Truncate(0))
	_, err = file.WriteAt([]byte("far away"), far)
	must(t, err)
	_, err = file.WriteAt([]byte("near"), 100)
	must(t, err)
	if at, err := unix.Seek(int(file.Fd()), 200, unix.SEEK_HOLE); err != nil || at != 4096 {
		t.Errorf("a hole at %d, %v, behind a page with some data", at, err)
	}
	must(t, file.Sync())
	other, err := os.Create(filepath.Join(f.dir, "copy"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	before := f.requests("WRITE")
	if n, err := unix.CopyFileRange(int(file.Fd()), ptr(0), int(other.Fd()), ptr(0), 2*far, 0); err != nil || n != far+8 {
		t.Errorf("copied %d, %v", n, err)
	}
	if n := f.requests("WRITE") - before; n > 0 {
		t.Errorf("the copy took %d WRITEs", n)
	}
	got := make([]byte, 8)
	if _, err := other.ReadAt(got, far); err != nil || string(got) != "far away" {
		t.Errorf("the copy has %q, %v", got, err)
	}
}

func ptr(n int64) *int64 { return &n }

func TestXattrsAreKept(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Fsetxattr(int(file.Fd()), "user.before", []byte("link"), 0); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setxattr(name, "user.after", []byte("it"), unix.XATTR_CREATE); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "create again", unix.Setxattr(name, "user.after", nil, unix.XATTR_CREATE), syscall.EEXIST)
	wantErr(t, "replace nothing", unix.Setxattr(name, "user.other", nil, unix.XATTR_REPLACE), syscall.ENODATA)
	list := aclOf([2]uint16{1, 6}, [2]uint16{4, 4}, [2]uint16{0x10, 4}, [2]uint16{0x20, 4})
	wantErr(t, "an access control list", unix.Setxattr(name, "system.posix_acl_access", list, 0), syscall.EOPNOTSUPP)
	if err := os.WriteFile(name, []byte("new bytes"), 0); err != nil {
		t.Fatal(err)
	}
	f.call("Unmount", f.dir, nil)
	f.mount(branch, f.dir)
	buf := make([]byte, 100)
	for name2, want := range map[string]string{"user.before": "link", "user.after": "it", "user.pfs.etag": f.get("file").ETag} {
		if n, err := unix.Getxattr(name, name2, buf); err != nil || string(buf[:n]) != want {
			t.Errorf("%s is %q, %v", name2, buf[:max(n, 0)], err)
		}
	}
}

// TestDirectoryTimes says that a directory's time goes on when a name comes or goes.
func TestDirectoryTimes(t *testing.T) {
	f := newFixture(t)
	dir := filepath.Join(f.dir, "dir")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	last := time.Time{}
	later := func(what string) {
		t.Helper()
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !info.ModTime().After(last) {
			t.Errorf("%s: mtime %v is not after %v", what, info.ModTime(), last)
		}
		last = info.ModTime()
	}
	later("mkdir")
	file, err := os.Create(filepath.Join(dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	later("create")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file.Name(), file.Name()+"2"); err != nil {
		t.Fatal(err)
	}
	later("rename")
	if err := os.Remove(file.Name() + "2"); err != nil {
		t.Fatal(err)
	}
	later("remove")
	f.put("dir/file", "x")
	later("put")
	past := time.Unix(1_000_000_000, 0)
	if err := os.Chtimes(dir, past, past); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || !info.ModTime().Equal(past) {
		t.Errorf("mtime %v, %v after utimes", info.ModTime(), err)
	}
}
