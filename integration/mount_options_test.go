package integration_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestMountDetach starts mounts in the background: one is there on return, one says why it is not.
func TestMountDetach(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "other")
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	if r := s.Try("mount", "--detach", "master.none", dir); r.Code != 1 || !strings.Contains(r.Stderr, "pfsd repo create none") {
		t.Errorf("of a repo that is none: %+v", r)
	}
	// Whichever way the flag is written, it detaches once.
	out := s.Pfsd("mount", "--detach=true", "--log-file", log, "--create", "master.back", dir)
	if !strings.HasPrefix(out, "ready mount master.back on ") {
		t.Errorf("it prints %q", out)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("bytes"), 0o644); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(log); err != nil {
		t.Error(err)
	}
	s.Pfsd("umount", dir)
	if got := s.Pfsd("cat", "master.back:/file"); got != "bytes" {
		t.Errorf("the store has %q", got)
	}
}

// TestMountInUse unmounts while a program uses the mount, which is named; --lazy does it all the same, and the program can
// go on.
func TestMountInUse(t *testing.T) {
	s := harness.New(t)
	m := s.Mount("master.busy", "--create")
	if err := os.WriteFile(m.Path("file"), []byte("bytes"), 0o644); err != nil {
		t.Fatal(err)
	}
	reader := s.Command("sh", "-c", "exec 3<file; echo open; read go; cat <&3")
	reader.Dir = m.Dir
	in, err := reader.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := reader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 5)
	if _, err := out.Read(answer); err != nil {
		t.Fatal(err)
	}
	if r := s.Try("umount", m.Dir); r.Code != 1 || !strings.Contains(r.Stderr, "(pid ") || !strings.Contains(r.Stderr, "sh (") {
		t.Errorf("it says %+v", r)
	}
	s.Pfsd("umount", "--lazy", m.Dir)
	if harness.Mounted(t, m.Dir) {
		t.Error("it is still mounted")
	}
	if _, err := in.Write([]byte("go\n")); err != nil {
		t.Fatal(err)
	}
	var rest bytes.Buffer
	if _, err := rest.ReadFrom(out); err != nil || rest.String() != "bytes" {
		t.Errorf("the program read %q, %v", rest.String(), err)
	}
	if err := reader.Wait(); err != nil {
		t.Error(err)
	}
	if code := m.Wait(); code != 0 {
		t.Errorf("the mount ends with exit code %d\n%s", code, m.Stderr())
	}
}

// TestMountOneCommit gathers all changes of a mount in one commit, which shows when the mount has ended.
func TestMountOneCommit(t *testing.T) {
	s := harness.New(t)
	m := s.Mount("master.one", "--create", "--commit=manual")
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(m.Path(name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Pfsd("ls", "master.one"); got != "" {
		t.Errorf("the branch shows %q before the end", got)
	}
	s.Pfsd("umount", m.Dir)
	if code := m.Wait(); code != 0 {
		t.Errorf("the mount ends with exit code %d\n%s", code, m.Stderr())
	}
	if got := s.Pfsd("cat", "master.one:/b"); got != "b" {
		t.Errorf("the branch has %q", got)
	}
	if log := strings.Split(strings.TrimSpace(s.Pfsd("log", "master.one")), "\n"); len(log) != 2 {
		t.Errorf("the log is %q", log)
	}
	// A change on the branch that contradicts it: nothing is lost.
	m = s.Mount("master.one", "--commit=manual")
	if err := os.WriteFile(m.Path("a"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.TryInput([]byte("theirs"), "put", "-", "master.one:/a")
	s.Pfsd("umount", m.Dir)
	if code := m.Wait(); code != 1 || !strings.Contains(m.Stderr(), "pfsd commit finish ") {
		t.Errorf("the mount ends with exit code %d\n%s", code, m.Stderr())
	}
	_, command, _ := strings.Cut(m.Stderr(), "pfsd commit finish ")
	address, _, _ := strings.Cut(command, ":")
	s.Pfsd("commit", "finish", "--theirs", address)
	if got := s.Pfsd("cat", "master.one:/a"); got != "mine" {
		t.Errorf("then the branch has %q", got)
	}
}

// TestMountShows overrides what is shown of owners and modes, and mounts with what does no harm.
func TestMountShows(t *testing.T) {
	s := harness.New(t)
	m := s.Mount("master.shown", "--create", "-o", "uid=1234,gid=2345,umask=027,noatime,sync,_netdev,nofail,x-systemd.automount,rw")
	if err := os.WriteFile(m.Path("file"), []byte("bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(m.Path("file"))
	if err != nil {
		t.Fatal(err)
	}
	if sys := info.Sys().(*syscall.Stat_t); sys.Uid != 1234 || sys.Gid != 2345 || info.Mode() != 0o750 {
		t.Errorf("it is shown as %d:%d %v", sys.Uid, sys.Gid, info.Mode())
	}
	if r := s.Try("mount", "-o", "ro,what", "master.shown", t.TempDir()); r.Code != 2 || !strings.Contains(r.Stderr, `"what"`) {
		t.Errorf("an unknown option: %+v", r)
	}
}

// TestMountFixed mounts a tag, a commit and a branch that is to be read only.
func TestMountFixed(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "fix")
	s.TryInput([]byte("one"), "put", "-", "master.fix:/file")
	s.Pfsd("tag", "create", "--from", "master.fix", "v1.fix")
	for name, m := range map[string]*harness.Mount{
		"a tag": s.Mount("v1.fix"), "a commit": s.Mount("master~0.fix"), "a branch": s.Mount("master.fix", "-o", "ro"),
	} {
		for what, err := range map[string]error{
			"create": os.WriteFile(m.Path("new"), nil, 0o644), "write": os.WriteFile(m.Path("file"), nil, 0o644),
			"mkdir": os.Mkdir(m.Path("dir"), 0o755), "remove": os.Remove(m.Path("file")), "chmod": os.Chmod(m.Path("file"), 0o600),
			"rename": os.Rename(m.Path("file"), m.Path("other")),
		} {
			if !errors.Is(err, syscall.EROFS) {
				t.Errorf("%s in %s: %v", what, name, err)
			}
		}
		if got, err := os.ReadFile(m.Path("file")); err != nil || string(got) != "one" {
			t.Errorf("%s has %q, %v", name, got, err)
		}
	}
}

// TestMountAll mounts every branch.
func TestMountAll(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "first")
	dir := t.TempDir()
	m := s.Start("mount", "--all", dir)
	m.Ready()
	if err := os.Mkdir(filepath.Join(dir, "second"), 0o755); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "second/master/file"), []byte("bytes"), 0o644); err != nil {
		t.Error(err)
	}
	if got := s.Pfsd("cat", "master.second:/file"); got != "bytes" {
		t.Errorf("the store has %q", got)
	}
	s.Pfsd("branch", "create", "dev.first")
	if _, err := os.Stat(filepath.Join(dir, "first/dev")); err != nil {
		t.Error(err)
	}
	s.Pfsd("branch", "delete", "dev.first")
	if _, err := os.Stat(filepath.Join(dir, "first/dev")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a deleted branch: %v", err)
	}
	m.Stop()
}

// TestServiceManager has a service manager told that the doors are open.
func TestServiceManager(t *testing.T) {
	s := harness.New(t)
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	cmd := s.Command(harness.Binary(t), "mount", "--create", "master.told", t.TempDir())
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"READY=1\n", "STOPPING=1\n"} {
		buf := make([]byte, 4096)
		_ = socket.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := socket.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), want) {
			t.Errorf("it is told %q, %v, want %q", buf[:n], err, want)
		}
		if want == "READY=1\n" {
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestReservedName tries to write below the name that mounts keep for versions.
func TestReservedName(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "kept")
	client := s.S3().Client(t)
	if err := storeS3(client, "master.kept", ".pfs/file", []byte("x")); minio.ToErrorResponse(err).Code != "InvalidArgument" {
		t.Errorf("PUT: %v", err)
	}
	if _, err := tryFetch(client, "master.kept", ".pfs/head", ""); minio.ToErrorResponse(err).Code != "NoSuchKey" {
		t.Errorf("GET: %v", err)
	}
	if err := storeS3(client, "master.kept", "dir/.pfs/file", []byte("x")); err != nil {
		t.Errorf("PUT elsewhere: %v", err)
	}
	for _, args := range [][]string{
		{"put", "-", "master.kept:/.pfs"}, {"mkdir", "master.kept:/.pfs"}, {"mv", "master.kept:/dir", "master.kept:/.pfs"},
		{"cp", "-r", "master.kept:/dir", "master.kept:/.pfs"},
	} {
		if r := s.TryInput([]byte("x"), args...); r.Code != 1 || !strings.Contains(r.Stderr, "reserved") {
			t.Errorf("%v: %+v", args, r)
		}
	}
}
