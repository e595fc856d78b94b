package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pfsd/integration/harness"
)

// TestUnmountOfASilentMount runs pfsd umount while a process of the mount is stopped: it fails, names the process and says what to
// do. So does pfsd mount on that directory. When the process goes on, the mount can be ended, with all committed.
func TestUnmountOfASilentMount(t *testing.T) {
	for _, c := range []struct {
		name string
		// start returns the mount, and the process that is to be stopped.
		start func(s *harness.Store) (*harness.Mount, *harness.Process)
	}{
		{"alone", func(s *harness.Store) (*harness.Mount, *harness.Process) {
			m := s.Mount("master.own", "--create")
			return m, m.Process
		}},
		{"its host", func(s *harness.Store) (*harness.Mount, *harness.Process) {
			host := s.S3()
			return s.Mount("master.own", "--create"), host.Process
		}},
		{"its owner", func(s *harness.Store) (*harness.Mount, *harness.Process) {
			s.S3()
			m := s.Mount("master.own", "--create")
			return m, m.Process
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := harness.New(t)
			m, silent := c.start(s)
			told := tellsServers(m.PID())
			if c.name == "its owner" && !told {
				t.Skip("this kernel does not tell which process has a mount")
			}
			s.Run(s.Command("sh", "-c", "echo bytes >"+m.Path("file")))
			proceed := pause(t, silent)
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(m.Dir, link); err != nil {
				t.Fatal(err)
			}
			commands := [][]string{{"umount", link}}
			if c.name == "alone" {
				commands = append(commands, []string{"mount", "--detach", "master.own", m.Dir})
			}
			for _, command := range commands {
				r := s.Try(command...)
				if r.Code != 1 || !strings.Contains(r.Stderr, "does not answer") || !strings.Contains(r.Stderr, "umount -f "+m.Dir) {
					t.Errorf("%v: exit code %d, %s", command, r.Code, r.Stderr)
				}
				if told && !strings.Contains(r.Stderr, fmt.Sprintf("process %d ", silent.PID())) {
					t.Errorf("%v does not name process %d: %s", command, silent.PID(), r.Stderr)
				}
			}
			proceed()
			// An owner that goes on does as it was asked to before.
			if r := s.Try("umount", m.Dir); r.Code != 0 && (c.name != "its owner" || harness.Mounted(t, m.Dir)) {
				t.Errorf("when the process goes on: exit code %d, %s", r.Code, r.Stderr)
			}
			ended(t, s, m)
		})
	}
}

// TestUnmountOfASilentMountIsInterrupted sends SIGTERM to a pfsd umount that waits for a stopped server.
func TestUnmountOfASilentMountIsInterrupted(t *testing.T) {
	s := harness.New(t)
	m := s.Mount("master.own", "--create")
	s.Run(s.Command("sh", "-c", "echo bytes >"+m.Path("file")))
	proceed := pause(t, m.Process)
	interrupted := false
	for tries := 0; tries < 5 && !interrupted; tries++ { // It may give up by itself before the signal comes.
		waits := s.Start("umount", m.Dir)
		awaitWaiting(t, waits.PID())
		waits.Signal(syscall.SIGTERM)
		if code := waits.Wait(); code != 1 {
			t.Errorf("exit code %d\n%s", code, waits.Stderr())
		}
		interrupted = strings.Contains(waits.Stderr(), "interrupted")
	}
	if !interrupted {
		t.Error("SIGTERM does not end a pfsd umount that waits")
	}
	proceed()
	s.Pfsd("umount", m.Dir)
	ended(t, s, m)
}

// TestSilentMountIsTakenAway takes mounts away whose process is stopped: by --lazy, after which all that was written is committed
// when the process goes on, and by the remedy that pfsd umount names.
func TestSilentMountIsTakenAway(t *testing.T) {
	for _, remedy := range []string{"pfsd umount --lazy", "umount -f"} {
		t.Run(remedy, func(t *testing.T) {
			if remedy == "umount -f" && os.Geteuid() != 0 {
				t.Skip("umount -f is for root")
			}
			s := harness.New(t)
			m := s.Mount("master.own", "--create")
			s.Run(s.Command("sh", "-c", "echo bytes >"+m.Path("file")))
			proceed := pause(t, m.Process)
			s.Run(s.Command("sh", "-c", remedy+" "+m.Dir))
			if harness.Mounted(t, m.Dir) {
				t.Error("it is still mounted")
			}
			proceed()
			ended(t, s, m)
		})
	}
}

// pause stops a process until proceed is called or the test ends.
func pause(t *testing.T, p *harness.Process) (proceed func()) {
	t.Helper()
	p.Signal(syscall.SIGSTOP)
	resume := func() {
		if !p.Ended() {
			p.Signal(syscall.SIGCONT)
		}
	}
	t.Cleanup(resume)
	return resume
}

// ended fails the test if the mount does not end with a 0, or the file that was written there is not committed.
func ended(t *testing.T, s *harness.Store, m *harness.Mount) {
	t.Helper()
	if code := m.Wait(); code != 0 {
		t.Errorf("the mount ends with exit code %d\n%s", code, m.Stderr())
	}
	if got := s.Pfsd("cat", "master.own:/file"); got != "bytes\n" {
		t.Errorf("the store has %q", got)
	}
}

// tellsServers reports whether the kernel tells that a process has the kernel's end of a mount.
func tellsServers(pid int) bool {
	infos, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	for _, info := range infos {
		if text, err := os.ReadFile(info); err == nil && strings.Contains(string(text), "fuse_connection:") {
			return true
		}
	}
	return false
}

// awaitWaiting returns when a thread of a process waits for the server of a mount, or the process has ended.
func awaitWaiting(t *testing.T, pid int) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for limit := time.Now().Add(time.Minute); ; <-look.C {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/wchan", pid))
		if len(threads) == 0 {
			return
		}
		for _, thread := range threads {
			if at, err := os.ReadFile(thread); err == nil && strings.Contains(string(at), "request_wait_answer") {
				return
			}
		}
		if time.Now().After(limit) {
			t.Fatal("pfsd umount does not wait for the server")
		}
	}
}
