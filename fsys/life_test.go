package fsys_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pfsd/fsys"
)

// TestReadOnly mounts a commit.
func TestReadOnly(t *testing.T) {
	f := newFixture(t)
	f.put("dir/file", "old")
	old := filepath.Join(f.root, "old")
	f.mount("master^0.data", old)
	f.put("dir/file", "new")
	name := filepath.Join(old, "dir", "file")
	if got, err := os.ReadFile(name); err != nil || string(got) != "old" {
		t.Errorf("it has %q, %v", got, err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for what, err := range map[string]error{
		"write":    os.WriteFile(name, nil, 0),
		"create":   os.WriteFile(name+"2", nil, 0o644),
		"mkdir":    os.Mkdir(name+"2", 0o755),
		"symlink":  os.Symlink("x", name+"2"),
		"remove":   os.Remove(name),
		"rmdir":    unix.Rmdir(filepath.Join(old, "dir")),
		"rename":   os.Rename(name, name+"2"),
		"chmod":    os.Chmod(name, 0o600),
		"truncate": os.Truncate(name, 0),
		"setxattr": unix.Setxattr(name, "user.x", nil, 0),
	} {
		wantErr(t, what, err, syscall.EROFS)
	}
	for range 10 {
		if entries, err := os.ReadDir(filepath.Dir(name)); err != nil || len(entries) != 1 {
			t.Errorf("it lists %v, %v", entries, err)
		}
	}
	var stats fsys.Stats
	f.call("Stats", old, &stats)
	if n := stats.Requests["READDIRPLUS"]; n > 4 {
		t.Errorf("ten listings caused %d READDIRPLUS", n)
	}
}

// TestDeletedBranch deletes the branch that is mounted, and makes it anew.
func TestDeletedBranch(t *testing.T) {
	f := newFixture(t)
	f.call("CreateBranch", "side.data", nil)
	side := filepath.Join(f.root, "side")
	f.mount("side.data", side)
	name := filepath.Join(side, "file")
	if err := os.WriteFile(name, []byte("still readable"), 0o644); err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	f.call("DeleteBranch", "side.data", nil)
	// The deletion is announced to the mount, but it is not an Update that waits for it: ask until it has arrived.
	for deadline := time.Now().Add(time.Minute); ; {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the file is still shown")
		}
	}
	if entries, err := os.ReadDir(side); err != nil || len(entries) > 0 {
		t.Errorf("it lists %v, %v", entries, err)
	}
	wantErr(t, "create", os.WriteFile(name, nil, 0o644), fs.ErrNotExist)
	wantErr(t, "mkdir", os.Mkdir(name, 0o755), fs.ErrNotExist)
	got := make([]byte, 14)
	if _, err := open.ReadAt(got, 0); err != nil || string(got) != "still readable" {
		t.Errorf("the open handle reads %q, %v", got, err)
	}
	f.call("CreateBranch", "side.data", nil)
	if err := os.WriteFile(name, []byte("anew"), 0o644); err != nil {
		t.Errorf("in the new branch: %v", err)
	}
}

// TestTwoMounts changes one branch through two mounts.
func TestTwoMounts(t *testing.T) {
	f := newFixture(t)
	second := filepath.Join(f.root, "second")
	f.mount(branch, second)
	a, b := filepath.Join(f.dir, "lock"), filepath.Join(second, "lock")
	t.Run("exclusive", func(t *testing.T) {
		file, err := os.OpenFile(a, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		_, err = os.OpenFile(b, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		wantErr(t, "before the close", err, fs.ErrExist)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = os.OpenFile(b, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		wantErr(t, "after the close", err, fs.ErrExist)
		if err := os.Remove(a); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("rmdir", func(t *testing.T) {
		if err := os.Mkdir(filepath.Join(f.dir, "dir"), 0o755); err != nil {
			t.Fatal(err)
		}
		file, err := os.Create(filepath.Join(f.dir, "dir", "new"))
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(second, "dir")
		wantErr(t, "rmdir before the close", syscall.Rmdir(other), syscall.ENOTEMPTY)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if got := f.get("dir/new"); got.Absent {
			t.Error("the new file is lost")
		}
		if err := os.Remove(filepath.Join(f.dir, "dir", "new")); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Rmdir(other); err != nil {
			t.Errorf("rmdir of an empty directory: %v", err)
		}
	})
	t.Run("pushed", func(t *testing.T) {
		if err := os.WriteFile(a, []byte("1"), 0o644); err != nil {
			t.Fatal(err)
		}
		// It is pushed at once, but not awaited.
		for deadline := time.Now().Add(time.Minute); ; {
			if got, _ := os.ReadFile(b); string(got) == "1" {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the second mount does not show it")
			}
		}
	})
}

// TestMapOutlivesClose writes through a mapping after the file was closed.
func TestMapOutlivesClose(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	if err := os.WriteFile(name, make([]byte, 8192), 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	mem, err := unix.Mmap(int(file.Fd()), 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	copy(mem[5000:], "written through the mapping")
	if err := unix.Munmap(mem); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		if got := f.get("file"); strings.Contains(string(got.Data), "through the mapping") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it is never linked")
		}
	}
}

// TestUnmountByHand unmounts without asking the server, which ends by itself and loses nothing.
func TestUnmountByHand(t *testing.T) {
	f := newFixture(t)
	if err := os.WriteFile(filepath.Join(f.dir, "file"), []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := fsys.Detach(f.dir, false); err != nil {
		t.Fatal(err)
	}
	f.call("Await", f.dir, nil)
	if got := f.get("file"); string(got.Data) != "kept" {
		t.Errorf("the core has %q", got.Data)
	}
	f.mount(branch, f.dir)
	if got, err := os.ReadFile(filepath.Join(f.dir, "file")); err != nil || string(got) != "kept" {
		t.Errorf("mounted again it has %q, %v", got, err)
	}
}

// TestBusy unmounts while a file is open.
func TestBusy(t *testing.T) {
	f := newFixture(t)
	file, err := os.Create(filepath.Join(f.dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "unmount", fsys.Detach(f.dir, false), syscall.EBUSY)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDetachNothing(t *testing.T) {
	if err := fsys.Detach(t.TempDir(), false); err == nil {
		t.Error("a directory that is no mount point was unmounted")
	}
}

// TestDeadMount mounts where a server was killed.
func TestDeadMount(t *testing.T) {
	f := newFixture(t)
	dead := filepath.Join(f.root, "dead")
	if err := os.Mkdir(dead, 0o755); err != nil {
		t.Fatal(err)
	}
	fd, err := fsys.Attach(dead, fsys.AttachOptions{Source: "fsys-test"})
	if err != nil {
		t.Fatal(err)
	}
	fd.Close() // As when the process is killed.
	_, err = os.Stat(dead)
	wantErr(t, "stat", err, syscall.ENOTCONN)
	f.mount(branch, dead)
	if err := os.WriteFile(filepath.Join(dead, "file"), nil, 0o644); err != nil {
		t.Error(err)
	}
}

// TestAbort has a mount fail, which stays where it is, and mounts anew.
func TestAbort(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("written before"); err != nil {
		t.Fatal(err)
	}
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := fsys.Abort(f.dir); err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString("written after")
	wantErr(t, "write", err, syscall.ENOTCONN)
	wantErr(t, "create", os.WriteFile(name+"2", nil, 0o644), syscall.ENOTCONN)
	f.mount(branch, f.dir)
	if got, err := os.ReadFile(name); err != nil || string(got) != "written before" {
		t.Errorf("it has %q, %v", got, err)
	}
	wantErr(t, "abort of no mount", fsys.Abort(f.root), syscall.EINVAL)
}

// TestSignals writes from a program that is interrupted all the time.
func TestSignals(t *testing.T) {
	needs(t, "dd")
	f := newFixture(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd := exec.CommandContext(ctx, "dd", "if=/dev/zero", "of="+filepath.Join(f.dir, "file"), "bs=64k",
		"count=1500", "conv=fsync", "status=none")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			if info, err := os.Stat(filepath.Join(f.dir, "file")); err != nil || info.Size() != 1500<<16 {
				t.Errorf("%v, %v", info, err)
			}
			return
		default:
			_ = cmd.Process.Signal(syscall.SIGURG) // Ignored by dd, but it interrupts what waits.
		}
	}
}

// TestAsUser mounts as somebody who is not root, through fusermount3.
func TestAsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user; as a user all tests are this one")
	}
	for _, program := range []string{"fusermount3", "unshare", "setpriv"} {
		needs(t, program)
	}
	home := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir := home; dir != "/"; dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755) // The user has to get through; some are not ours to change.
	}
	// Where /dev/fuse is for root alone, a mount namespace of its own has one for everybody, as distributions do.
	device := filepath.Join(filepath.Dir(home), "fuse")
	if err := unix.Mknod(device, unix.S_IFCHR|0o666, int(unix.Mkdev(10, 229))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(device, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-euc", `
		mount --bind "$DEVICE" /dev/fuse
		cp "$SELF" "$HOME/fsys.test" && chown -R 65534:65534 "$HOME"
		exec setpriv --reuid 65534 --regid 65534 --clear-groups "$HOME/fsys.test" -test.run "$TESTS"`)
	cmd.Env = append(os.Environ(), "DEVICE="+device, "SELF="+os.Args[0], "HOME="+home, "TMPDIR="+home,
		"TESTS=^(TestWriteAndRead|TestNames|TestReadOnly|TestUnmountByHand|TestDeadMount|TestGit|TestHardLinks|TestOpenFlags|TestFallocate)$")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
