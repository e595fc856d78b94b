package guard_test

import (
	"bufio"
	"cmp"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pfsd/cli/internal/guard"
	"pfsd/fsys"
)

// serverDir is set in a process that is to mount on that directory, serve nothing, and stay; guardProgram, when its guard is to
// run something else than the same program.
const (
	serverDir    = "GUARD_TEST_DIR"
	guardProgram = "GUARD_TEST_PROGRAM"
)

func TestMain(m *testing.M) {
	if guard.Run(os.Args, os.Stdin) {
		return
	}
	if dir := os.Getenv(serverDir); dir != "" {
		serve(dir)
	}
	os.Exit(m.Run())
}

// serve mounts on dir, has that guarded, says so, and does not end. What is read from stdin has a line for a watch that is
// taken back.
func serve(dir string) {
	if _, err := fsys.Attach(dir, fsys.AttachOptions{}); err != nil {
		fail(err)
	}
	c, err := fsys.ConnectionAt(dir)
	if err != nil {
		fail(err)
	}
	program := cmp.Or(os.Getenv(guardProgram), "/proc/self/exe")
	forget := guard.New(program, slog.New(slog.NewTextHandler(os.Stderr, nil))).Watch(c)
	os.Stdout.WriteString("ready\n")
	bufio.NewReader(os.Stdin).ReadString('\n')
	forget()
	os.Stdout.WriteString("forgotten\n")
	select {}
}

func fail(err error) {
	os.Stderr.WriteString(err.Error() + "\n")
	os.Exit(1)
}

// server is such a process.
type server struct {
	t     *testing.T
	dir   string
	cmd   *exec.Cmd
	lines *bufio.Scanner
	stdin *os.File
}

// start starts one and waits for the guard.
func start(t *testing.T) *server {
	t.Helper()
	s := startWith(t, "")
	if s.guard() == 0 {
		t.Fatal("there is no guard")
	}
	return s
}

// startWith starts one whose guard runs program.
func startWith(t *testing.T, program string) *server {
	t.Helper()
	if f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); errors.Is(err, os.ErrPermission) || os.Geteuid() != 0 {
		t.Skip("only root can have a mount fail without the control files of FUSE")
	} else if err != nil {
		t.Fatal(err)
	} else {
		f.Close()
	}
	s := &server{t: t, dir: t.TempDir()}
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), serverDir+"="+s.dir, guardProgram+"="+program)
	s.cmd.Stderr = os.Stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdin, s.stdin = read, write
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read.Close()
	t.Cleanup(func() {
		write.Close()
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		_ = fsys.Detach(s.dir, true)
	})
	s.lines = bufio.NewScanner(stdout)
	s.await("ready")
	return s
}

func (s *server) await(line string) {
	s.t.Helper()
	if !s.lines.Scan() || s.lines.Text() != line {
		s.t.Fatalf("%q instead of %q", s.lines.Text(), line)
	}
}

// guard returns the process of the guard, which is the only child of the server.
func (s *server) guard() int {
	s.t.Helper()
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/task/*/children")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, thread := range threads {
		children, err := os.ReadFile(thread)
		if err != nil {
			s.t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
		if err != nil {
			continue
		}
		for {
			// It has this name once it listens.
			comm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
			if err != nil || string(comm) == "pfsd-guard\n" {
				return pid
			}
			runtime.Gosched()
		}
	}
	return 0
}

// keepOpen returns duplicates of what the server has open, as a thread of it would have that the kernel keeps: the kernel's
// end of the mount, and that of the pipe to the guard.
func (s *server) keepOpen() {
	s.t.Helper()
	fd, err := unix.PidfdOpen(s.cmd.Process.Pid, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer unix.Close(fd)
	kept := 0
	for n := 3; n < 32; n++ {
		name, err := os.Readlink("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/fd/" + strconv.Itoa(n))
		if err != nil || name != "/dev/fuse" && !strings.HasPrefix(name, "pipe:") {
			continue
		}
		own, err := unix.PidfdGetfd(fd, n, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { unix.Close(own) })
		kept++
	}
	if kept < 2 {
		s.t.Fatalf("the server has %d of its files open", kept)
	}
}

// stat asks the mount, which does not answer, and returns when that has failed.
func (s *server) stat() error {
	failed := make(chan error, 1)
	go func() { failed <- unix.Statfs(s.dir, &unix.Statfs_t{}) }()
	select {
	case err := <-failed:
		return err
	case <-time.After(time.Minute):
		_ = fsys.Abort(s.dir)
		s.t.Fatal("the mount hangs")
		return nil
	}
}

// TestServerThatIsKept kills a server of which something is kept, and asks its mount.
func TestServerThatIsKept(t *testing.T) { start(t).keep() }

// TestGuardThatIsLate has the server killed before its guard listens.
func TestGuardThatIsLate(t *testing.T) {
	program := filepath.Join(t.TempDir(), "late")
	script := "#!/bin/bash\nsleep 1\nexec -a pfsd-guard " + os.Args[0] + " \"$@\"\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	startWith(t, program).keep()
}

// keep kills the server, of which something is kept, and asks its mount.
func (s *server) keep() {
	s.t.Helper()
	s.keepOpen()
	// A server that is killed is asked after, and seen as dying, as long as nobody has waited for it.
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.stat(); !errors.Is(err, syscall.ENOTCONN) && !errors.Is(err, syscall.ECONNABORTED) {
		s.t.Errorf("the mount says %v", err)
	}
	if _, err := fsys.ConnectionAt(s.dir); err != nil {
		s.t.Errorf("the mount is gone: %v", err)
	}
}

// TestSignalOfSomebodyElse has the guard believe that the server was killed. It is not to have a mount fail that is served.
func TestSignalOfSomebodyElse(t *testing.T) {
	s := start(t)
	if err := syscall.Kill(s.guard(), syscall.SIGWINCH); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	failed := make(chan error, 1)
	go func() { failed <- unix.Statfs(s.dir, &unix.Statfs_t{}) }()
	select {
	case err := <-failed:
		t.Errorf("the mount says %v", err)
	case <-time.After(100 * time.Millisecond):
		_ = fsys.Abort(s.dir)
		<-failed
	}
}

// TestGuardEnds has the guard end with the last mount, and not by the signals that end a service.
func TestGuardEnds(t *testing.T) {
	s := start(t)
	pid := s.guard()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if err := syscall.Kill(pid, sig); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(100 * time.Millisecond)
	if s.guard() != pid {
		t.Fatal("a signal has ended the guard")
	}
	if _, err := s.stdin.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	s.await("forgotten")
	// A process that is built with the race detector takes a second to end, for which the server does not wait.
	for deadline := time.Now().Add(time.Minute); s.guard() != 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the guard is still there")
		}
	}
}
