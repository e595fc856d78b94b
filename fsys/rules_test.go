package fsys_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"lukechampine.com/blake3"
)

// openAt opens a file, with a mode for when it is made.
func openAt(t *testing.T, path string, flags int) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, flags, 0o644)
	must(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

// TestOpenFlags opens files in all the ways that open(2) knows.
func TestOpenFlags(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	must(t, os.WriteFile(name, []byte("text"), 0o644))
	_, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	wantErr(t, "O_EXCL", err, syscall.EEXIST)
	must(t, os.Symlink("file", name+".link"))
	_, err = os.OpenFile(name+".link", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	wantErr(t, "O_EXCL on a symlink", err, syscall.EEXIST)
	_, err = os.OpenFile(name+".link", unix.O_NOFOLLOW, 0)
	wantErr(t, "O_NOFOLLOW", err, syscall.ELOOP)
	_, err = os.OpenFile(name, unix.O_DIRECTORY, 0)
	wantErr(t, "O_DIRECTORY", err, syscall.ENOTDIR)
	_, err = os.OpenFile(f.dir, os.O_WRONLY, 0)
	wantErr(t, "writing a directory", err, syscall.EISDIR)
	a, b := openAt(t, name, os.O_WRONLY|os.O_APPEND), openAt(t, name, os.O_WRONLY|os.O_APPEND)
	for _, file := range []*os.File{a, b, a} {
		_, err := file.WriteString("+")
		must(t, err)
	}
	f.wantFile(name, "text+++")
	openAt(t, name, os.O_WRONLY|os.O_TRUNC)
	f.wantFile(name, "")
	_, err = openAt(t, name, os.O_RDONLY).Write([]byte("x"))
	wantErr(t, "writing what is open for reading", err, syscall.EBADF)
	sync := openAt(t, name, os.O_RDWR|unix.O_SYNC)
	_, err = sync.WriteString("synced")
	must(t, err)
	if got := string(f.get("file").Data); got != "synced" {
		t.Errorf("after a write with O_SYNC the store has %q", got)
	}
}

// TestDirectIO reads and writes past the page cache, beside a handle that uses it.
func TestDirectIO(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	direct, cached := openAt(t, name, os.O_RDWR|os.O_CREATE|unix.O_DIRECT), openAt(t, name, os.O_RDWR)
	const size = 1 << 20
	buf := aligned(size)
	for i := range buf {
		buf[i] = byte(i / 4096)
	}
	_, err := direct.WriteAt(buf, 0)
	must(t, err)
	_, err = cached.WriteAt([]byte("cached"), 8192)
	must(t, err)
	copy(buf[8192:], "cached")
	got := aligned(size)
	if n, err := direct.ReadAt(got, 0); n != size || !bytes.Equal(got, buf) {
		t.Errorf("read %d, %v, or other bytes", n, err)
	}
	if n, err := direct.ReadAt(got, size); n != 0 || err != io.EOF {
		t.Errorf("read %d, %v at the end", n, err)
	}
}

// aligned returns bytes that begin at a page.
func aligned(n int) []byte {
	const page = 4096
	b := make([]byte, n+page)
	skip := (page - int(uintptr(unsafe.Pointer(&b[0]))%page)) % page
	return b[skip : skip+n]
}

// TestFallocate has a file made longer, and parts of it zeros.
func TestFallocate(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	file := openAt(t, name, os.O_RDWR|os.O_CREATE)
	want := bytes.Repeat([]byte("0123456789abcdef"), 20_000) // 320,000 bytes
	_, err := file.Write(want)
	must(t, err)
	for _, test := range []struct {
		name     string
		mode     uint32
		off, len int64
		err      error
		size     int64
		zero     bool
	}{
		{"punch", unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE, 1000, 200_000, nil, 320_000, true},
		{"punch beyond the end", unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE, 310_000, 50_000, nil, 320_000, true},
		{"punch without keep size", unix.FALLOC_FL_PUNCH_HOLE, 0, 10, unix.EOPNOTSUPP, 320_000, false},
		{"zero", unix.FALLOC_FL_ZERO_RANGE, 250_000, 10_000, nil, 320_000, true},
		{"zero and longer", unix.FALLOC_FL_ZERO_RANGE, 300_000, 30_000, nil, 330_000, true},
		{"zero, size kept", unix.FALLOC_FL_ZERO_RANGE | unix.FALLOC_FL_KEEP_SIZE, 329_000, 9000, nil, 330_000, true},
		{"longer", 0, 100, 399_900, nil, 400_000, false},
		{"no longer", unix.FALLOC_FL_KEEP_SIZE, 0, 500_000, nil, 400_000, false},
		{"collapse", unix.FALLOC_FL_COLLAPSE_RANGE, 0, 4096, unix.EOPNOTSUPP, 400_000, false},
		{"insert", unix.FALLOC_FL_INSERT_RANGE, 0, 4096, unix.EOPNOTSUPP, 400_000, false},
		{"nothing", 0, 0, 0, unix.EINVAL, 400_000, false},
	} {
		err := unix.Fallocate(int(file.Fd()), test.mode, test.off, test.len)
		wantErr(t, test.name, err, test.err)
		if grown := test.size - int64(len(want)); grown > 0 {
			want = append(want, make([]byte, grown)...)
		}
		if test.zero {
			clear(want[test.off:min(test.off+test.len, test.size)])
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v, want %d, or others", test.name, len(got), err, len(want))
		}
	}
	must(t, file.Sync())
	if got := f.get("file").Data; !bytes.Equal(got, want) {
		t.Error("the store has other bytes")
	}
}

// TestBlocks says that holes take no room, neither before nor after what was written is stored.
func TestBlocks(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	file := openAt(t, name, os.O_RDWR|os.O_CREATE)
	blocks := func() int64 {
		t.Helper()
		var st unix.Stat_t
		must(t, unix.Stat(name, &st))
		return st.Blocks * 512
	}
	must(t, file.Truncate(1<<30))
	data := bytes.Repeat([]byte("data"), 64<<10)
	_, err := file.WriteAt(data, 512<<20)
	must(t, err)
	for _, when := range []string{"written", "stored"} {
		if got := blocks(); got < int64(len(data)) || got > 2*int64(len(data)) {
			t.Errorf("%s: %d bytes of %d take %d", when, len(data), 1<<30, got)
		}
		must(t, file.Sync())
	}
	must(t, file.Close())
	f.call("Unmount", f.dir, nil)
	f.mount(branch, f.dir)
	if got := blocks(); got < int64(len(data)) || got > 2*int64(len(data)) {
		t.Errorf("mounted again: %d bytes take %d", len(data), got)
	}
	must(t, os.WriteFile(name+"2", []byte("x"), 0o644))
	var st unix.Stat_t
	must(t, unix.Stat(name+"2", &st))
	if st.Blocks != 1 {
		t.Errorf("one byte takes %d blocks", st.Blocks)
	}
}

// TestCopyRanges copies parts of files to all sorts of places.
func TestCopyRanges(t *testing.T) {
	f := newFixture(t)
	source, target := filepath.Join(f.dir, "source"), filepath.Join(f.dir, "target")
	from := make([]byte, 20<<20)
	for i := range from {
		from[i] = byte(i ^ i>>8 ^ i>>16)
	}
	must(t, os.WriteFile(source, from, 0o644))
	in, out := openAt(t, source, os.O_RDWR), openAt(t, target, os.O_RDWR|os.O_CREATE)
	want := []byte("was there")
	_, err := out.Write(want)
	must(t, err)
	before := f.requests("WRITE")
	for _, r := range []struct{ off, to, n int64 }{
		{0, 5, 1000}, {12_345, 100_000, 10 << 20}, {0, 16 << 20, 17 << 20}, {19 << 20, 3, 5 << 20}, {17, 17, 70_000}, {21 << 20, 0, 10},
	} {
		n, err := unix.CopyFileRange(int(in.Fd()), &r.off, int(out.Fd()), &r.to, int(r.n), 0)
		must(t, err)
		off, to := r.off-int64(n), r.to-int64(n)
		if end := off + r.n; int64(n) != max(min(end, int64(len(from)))-off, 0) {
			t.Errorf("copied %d of %d", n, r.n)
		}
		if n == 0 {
			continue
		}
		if grown := r.to - int64(len(want)); grown > 0 {
			want = append(want, make([]byte, grown)...)
		}
		copy(want[to:], from[off:off+int64(n)])
		if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%+v: %d bytes, %v, want %d, or others", r, len(got), err, len(want))
		}
	}
	if n := f.requests("WRITE") - before; n > 0 {
		t.Errorf("the copies took %d WRITEs", n)
	}
	// Within one file.
	off, to := int64(0), int64(15<<20)
	n, err := unix.CopyFileRange(int(in.Fd()), &off, int(in.Fd()), &to, 1<<20, 0)
	must(t, err)
	copy(from[15<<20:], from[:n])
	f.wantBytes(source, from)
	must(t, out.Sync())
	must(t, in.Sync())
	f.wantBytes(target, want)
	var sum string
	f.call("Sum", File{Ref: branch, Path: "target"}, &sum)
	if want := blake3.Sum256(want); sum != hex.EncodeToString(want[:]) {
		t.Error("the store has other bytes")
	}
	_, err = unix.CopyFileRange(int(in.Fd()), ptr(0), int(in.Fd()), ptr(10), 100, 0)
	wantErr(t, "ranges that overlap", err, unix.EINVAL)
	// FUSE has no request for it; cp --reflink=auto then copies as above.
	wantErr(t, "a clone", unix.IoctlFileClone(int(out.Fd()), int(in.Fd())), unix.EOPNOTSUPP)
}

func (f *fixture) wantBytes(path string, want []byte) {
	f.t.Helper()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		f.t.Errorf("%s: %d bytes, %v, want %d, or others", filepath.Base(path), len(got), err, len(want))
	}
}

// TestPrivateMapping writes to memory that shows a file, which changes nothing in it.
func TestPrivateMapping(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	must(t, os.WriteFile(name, bytes.Repeat([]byte("x"), 8192), 0o644))
	file := openAt(t, name, os.O_RDWR)
	private, err := unix.Mmap(int(file.Fd()), 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	must(t, err)
	defer unix.Munmap(private)
	private[0] = 'y'
	shared, err := unix.Mmap(int(file.Fd()), 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	must(t, err)
	defer unix.Munmap(shared)
	shared[4096] = 'z'
	must(t, unix.Msync(shared, unix.MS_SYNC))
	if shared[0] != 'x' || private[0] != 'y' {
		t.Errorf("the mappings have %c and %c", shared[0], private[0])
	}
	if got := f.get("file").Data; got[0] != 'x' || got[4096] != 'z' {
		t.Errorf("the store has %c and %c", got[0], got[4096])
	}
}

// TestLocks has two open files, as two processes have, lock each other out.
func TestLocks(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	a, b := openAt(t, name, os.O_RDWR|os.O_CREATE), openAt(t, name, os.O_RDWR)
	must(t, unix.Flock(int(a.Fd()), unix.LOCK_EX|unix.LOCK_NB))
	wantErr(t, "flock", unix.Flock(int(b.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
	must(t, unix.Flock(int(a.Fd()), unix.LOCK_UN))
	must(t, unix.Flock(int(b.Fd()), unix.LOCK_SH|unix.LOCK_NB))
	must(t, unix.Flock(int(a.Fd()), unix.LOCK_SH|unix.LOCK_NB))
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 100, Len: 10}
	must(t, unix.FcntlFlock(a.Fd(), unix.F_OFD_SETLK, &lock))
	wantErr(t, "fcntl", unix.FcntlFlock(b.Fd(), unix.F_OFD_SETLK, &lock), unix.EAGAIN)
	lock.Start = 110
	must(t, unix.FcntlFlock(b.Fd(), unix.F_OFD_SETLK, &lock))
	lock = unix.Flock_t{Type: unix.F_RDLCK, Start: 105, Len: 1}
	must(t, unix.FcntlFlock(b.Fd(), unix.F_OFD_GETLK, &lock))
	if lock.Type != unix.F_WRLCK || lock.Start != 100 || lock.Len != 10 {
		t.Errorf("the lock found is %+v", lock)
	}
	must(t, a.Close())
	lock = unix.Flock_t{Type: unix.F_WRLCK, Start: 100, Len: 10}
	must(t, unix.FcntlFlock(b.Fd(), unix.F_OFD_SETLK, &lock))
}

// TestStatfs compares what df(1) shows with the disk that has the store.
func TestStatfs(t *testing.T) {
	f := newFixture(t)
	var got, want unix.Statfs_t
	must(t, unix.Statfs(f.dir, &got))
	must(t, unix.Statfs(f.root, &want))
	if got.Blocks*uint64(got.Frsize) != want.Blocks*uint64(want.Frsize) || got.Namelen != 255 || got.Bavail > got.Blocks {
		t.Errorf("got %+v, the disk has %+v", got, want)
	}
}

// TestAccessTimes reads files, which changes their times of access as the mount option relatime says.
func TestAccessTimes(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	must(t, os.WriteFile(name, []byte("text"), 0o644))
	stat := func() (st unix.Stat_t) {
		t.Helper()
		must(t, unix.Stat(name, &st))
		return st
	}
	long := time.Now().Add(-100 * time.Hour)
	must(t, os.Chtimes(name, long, long.Add(-time.Hour)))
	if got := stat().Atim; got.Nano() != long.UnixNano() {
		t.Errorf("atime %v, want %v", got, long.UnixNano())
	}
	// The pages are in the cache, from where a read is answered without a word: drop them.
	file := openAt(t, name, os.O_RDONLY)
	must(t, unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED))
	_, err := io.ReadAll(file)
	must(t, err)
	after := stat()
	if after.Atim.Nano() <= long.UnixNano() {
		t.Errorf("atime %v after a read, before that %v", after.Atim.Nano(), long.UnixNano())
	}
	if after.Mtim.Nano() != long.Add(-time.Hour).UnixNano() {
		t.Errorf("mtime %v", after.Mtim)
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: 5, Nsec: 6}}
	must(t, unix.UtimesNanoAt(unix.AT_FDCWD, name, times, 0))
	if got := stat(); got.Atim != after.Atim || got.Mtim != (unix.Timespec{Sec: 5, Nsec: 6}) {
		t.Errorf("times %v and %v after UTIME_OMIT, want %v", got.Atim, got.Mtim, after.Atim)
	}
	before := stat().Ctim
	must(t, os.Rename(name, name+"2"))
	name += "2"
	if got := stat().Ctim; got.Nano() <= before.Nano() {
		t.Errorf("ctime %v after a rename, %v before", got, before)
	}
}

// TestBirthTime asks statx(2) when a file was made.
func TestBirthTime(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	must(t, os.WriteFile(name, nil, 0o644))
	var first, second unix.Statx_t
	must(t, unix.Statx(unix.AT_FDCWD, name, 0, unix.STATX_BTIME|unix.STATX_BASIC_STATS, &first))
	if first.Mask&unix.STATX_BTIME == 0 {
		t.Skip("this kernel does not ask for it")
	}
	must(t, os.WriteFile(name, []byte("more"), 0o644))
	must(t, os.Chmod(name, 0o600))
	must(t, unix.Statx(unix.AT_FDCWD, name, 0, unix.STATX_BTIME|unix.STATX_BASIC_STATS, &second))
	if first.Btime != second.Btime || second.Ctime == first.Ctime || second.Size != 4 {
		t.Errorf("first %+v, second %+v", first, second)
	}
}

// TestXattrSpaces sets attributes in all spaces that a file system keeps.
func TestXattrSpaces(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	must(t, os.WriteFile(name, nil, 0o644))
	must(t, os.Mkdir(name+".d", 0o755))
	spaces := []string{"user.a"}
	if os.Geteuid() == 0 {
		spaces = append(spaces, "trusted.a", "security.a")
	}
	for _, path := range []string{name, name + ".d"} {
		for _, space := range spaces {
			must(t, unix.Setxattr(path, space, []byte("v"), 0))
			if got := getXattr(t, path, space); got != "v" {
				t.Errorf("%s is %q", space, got)
			}
			must(t, unix.Removexattr(path, space))
			_, err := unix.Getxattr(path, space, nil)
			wantErr(t, "removed "+space, err, unix.ENODATA)
		}
	}
	wantErr(t, "no space", unix.Setxattr(name, "other.a", nil, 0), unix.EOPNOTSUPP)
	must(t, unix.Setxattr(name, "user.large", make([]byte, 60_000), 0))
	must(t, unix.Setxattr(name, "user.large", bytes.Repeat([]byte{'v'}, 64<<10), 0))
	if got := getXattr(t, name, "user.large"); got != strings.Repeat("v", 64<<10) {
		t.Errorf("a value of 64 KiB has %d bytes", len(got))
	}
	wantErr(t, "too large", unix.Setxattr(name, "user.larger", make([]byte, 60_000), 0), unix.ENOSPC)
	_, err := unix.Getxattr(name, "user.large", make([]byte, 10))
	wantErr(t, "too small a buffer", err, unix.ERANGE)
}

// TestLabels: a file without a label of SELinux says that there are none, which spares `ls -l` the question for each file; one
// that has a label shows it.
func TestLabels(t *testing.T) {
	if selinux, err := os.ReadDir("/sys/fs/selinux"); err == nil && len(selinux) > 0 {
		t.Skip("the kernel answers by itself")
	}
	f := newFixture(t)
	const label = "security.selinux"
	for i := range 100 {
		must(t, os.WriteFile(filepath.Join(f.dir, fmt.Sprint("file", i)), nil, 0o644))
	}
	before := f.requests("GETXATTR")
	run(t, f.dir, "ls -l . >/dev/null")
	if n := f.requests("GETXATTR") - before; n > 10 {
		t.Errorf("ls -l of 100 files asks for %d attributes", n)
	}
	name := filepath.Join(f.dir, "file1")
	_, err := unix.Getxattr(name, label, nil)
	wantErr(t, "no label", err, unix.EOPNOTSUPP)
	if os.Geteuid() != 0 {
		return
	}
	must(t, unix.Setxattr(name, label, []byte("a:b:c:s0"), 0))
	if got := getXattr(t, name, label); got != "a:b:c:s0" {
		t.Errorf("the label is %q", got)
	}
}

// TestFifoAndSocket lets processes talk through entries that have no bytes of their own.
func TestFifoAndSocket(t *testing.T) {
	f := newFixture(t)
	fifo := filepath.Join(f.dir, "fifo")
	must(t, unix.Mkfifo(fifo, 0o644))
	out := run(t, f.dir, "echo through > fifo & cat fifo; wait")
	if out != "through\n" {
		t.Errorf("the fifo gives %q", out)
	}
	listener, err := net.Listen("unix", filepath.Join(f.dir, "socket"))
	must(t, err)
	defer listener.Close()
	client, err := net.Dial("unix", filepath.Join(f.dir, "socket"))
	must(t, err)
	must(t, client.Close())
	if info, err := os.Stat(filepath.Join(f.dir, "socket")); err != nil || info.Mode()&os.ModeSocket == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestLongPaths makes directories below each other until a path has 8,000 bytes, and one more.
func TestLongPaths(t *testing.T) {
	f := newFixture(t)
	name := strings.Repeat("d", 255)
	dir, err := unix.Open(f.dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	must(t, err)
	for range 31 {
		must(t, unix.Mkdirat(dir, name, 0o755))
		next, err := unix.Openat(dir, name, unix.O_PATH|unix.O_DIRECTORY, 0)
		must(t, err)
		must(t, unix.Close(dir))
		dir = next
	}
	defer unix.Close(dir)
	make := func(n int) error {
		fd, err := unix.Openat(dir, strings.Repeat("f", n), unix.O_CREAT|unix.O_WRONLY, 0o644)
		if err == nil {
			_, err = unix.Write(fd, []byte("deep"))
			must(t, unix.Close(fd))
		}
		return err
	}
	must(t, make(64)) // 31*256+64 = 8,000
	path := strings.Repeat(name+"/", 31) + strings.Repeat("f", 64)
	if got := string(f.get(path).Data); got != "deep" {
		t.Errorf("the store has %q", got)
	}
	must(t, unix.Mkdirat(dir, "x", 0o755))
	below, err := unix.Openat(dir, "x", unix.O_PATH|unix.O_DIRECTORY, 0)
	must(t, err)
	defer unix.Close(below)
	wantErr(t, "a path of 8,001", unix.Mkdirat(below, strings.Repeat("y", 63), 0o755), unix.ENAMETOOLONG)
	must(t, unix.Mkdirat(below, strings.Repeat("y", 62), 0o755))
}

// TestPermissions has ordinary users do what they may, and what they may not.
func TestPermissions(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become other users")
	}
	needs(t, "setpriv")
	f := newFixture(t)
	must(t, os.Chmod(f.root, 0o755))
	as := func(user, groups, script string) string {
		t.Helper()
		cmd := exec.Command("setpriv", "--reuid", user, "--regid", user, "--groups", groups, "sh", "-uc", script)
		cmd.Dir = f.dir
		out, _ := cmd.CombinedOutput()
		return strings.TrimSpace(string(out))
	}
	run(t, f.dir, `
		mkdir -m 1777 tmp && mkdir -m 2775 shared && chgrp 5000 shared
		mkdir -m 755 plain && echo secret > group && chmod 640 group && chgrp 5000 group`)
	for _, test := range []struct{ name, user, groups, script, want string }{
		{"umask", "1001", "1001", "umask 027 && echo > tmp/a && mkdir tmp/d && stat -c %a tmp/a tmp/d", "640\n750"},
		{"sticky", "1002", "1002", "rm -f tmp/a 2>/dev/null; test -e tmp/a && echo kept", "kept"},
		{"sticky rename", "1002", "1002", "mv tmp/a tmp/b 2>/dev/null; test -e tmp/a && echo kept", "kept"},
		{"own", "1001", "1001", "mv tmp/a tmp/b && rm tmp/b && test ! -e tmp/b && echo gone", "gone"},
		{"no permission", "1001", "1001", "(echo > plain/x) 2>/dev/null || echo no", "no"},
		{"no group", "1001", "1001", "cat group 2>/dev/null || echo no", "no"},
		{"supplementary group", "1001", "1001,5000", "cat group", "secret"},
		{"setgid directory", "1001", "1001,5000", "echo > shared/f && mkdir shared/d && stat -c '%g %a' shared/f shared/d",
			"5000 644\n5000 2755"},
		{"chgrp to a group of one's own", "1001", "1001,5000", "echo > tmp/g && chgrp 5000 tmp/g && stat -c %g tmp/g", "5000"},
		{"chgrp to another", "1001", "1001", "chgrp 5001 tmp/g 2>/dev/null || echo no", "no"},
		{"chown", "1001", "1001", "chown 1002 tmp/g 2>/dev/null || echo no", "no"},
		{"chmod of another's", "1002", "1002", "chmod 777 tmp/g 2>/dev/null || echo no", "no"},
		{"utimes of another's", "1002", "1002", "touch -d @5 tmp/g 2>/dev/null || echo no", "no"},
		{"link of another's", "1002", "1002", "ln tmp/g tmp/h 2>/dev/null; test -e tmp/g && echo there", "there"},
		{"trusted attributes", "1001", "1001", "setfattr -n trusted.x -v y tmp/g 2>/dev/null || echo no", "no"},
		{"access", "1001", "1001", "test -w plain || test -x group || echo no", "no"},
	} {
		if got := as(test.user, test.groups, test.script); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestSeekDirectory goes back to places in a directory while names before and behind them go.
func TestSeekDirectory(t *testing.T) {
	f := newFixture(t)
	for i := range 300 {
		must(t, os.WriteFile(filepath.Join(f.dir, fmt.Sprintf("file%03d", i)), nil, 0o644))
	}
	dir := openAt(t, f.dir, os.O_RDONLY)
	first, err := dir.Readdirnames(100)
	must(t, err)
	for i := range 50 {
		must(t, os.Remove(filepath.Join(f.dir, fmt.Sprintf("file%03d", i*6))))
	}
	second, err := dir.Readdirnames(-1)
	must(t, err)
	seen := map[string]bool{}
	for _, name := range append(first, second...) {
		if seen[name] {
			t.Errorf("%s comes twice", name)
		}
		seen[name] = true
	}
	for i := range 300 {
		if name := fmt.Sprintf("file%03d", i); i%6 != 0 && !seen[name] {
			t.Errorf("%s is left out", name)
		}
	}
	_, err = dir.Seek(0, io.SeekStart)
	must(t, err)
	if again, err := dir.Readdirnames(-1); err != nil || len(again) != 250 {
		t.Errorf("%d names, %v after a rewind", len(again), err)
	}
	var st unix.Stat_t
	must(t, unix.Stat(f.dir, &st))
	if st.Nlink != 1 {
		t.Errorf("a directory has %d links; 1 says that they are not counted", st.Nlink)
	}
}
