package integration_test

import (
	"bufio"
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

	"golang.org/x/sys/unix"

	"pfsd/integration/harness"
)

// TestFirstFiveMinutes types what README.md prints into a shell, exactly as it stands there, and reads what comes back as a
// reader would.
func TestFirstFiveMinutes(t *testing.T) {
	t.Parallel()
	sh := openShell(t)
	printed := map[string]string{}
	for _, command := range readmeCommands(t) {
		out := sh.enter(command)
		t.Logf("$ %s\n%s", command, out)
		printed[command] = out
	}
	for _, c := range []struct{ command, want string }{
		{"ls -l ~/images/docs", "README.md"},
		{"s3 ls s3://master.images/", "note.txt"},
		{"cat ~/old.txt", "first"},
		{"cat ~/images/note.txt", "second"},
		{"pfsd log master.images:/note.txt", "mount"},
		{"pfsd log master.images:/note.txt", "s3"},
	} {
		if out := find(t, printed, c.command); !strings.Contains(out, c.want) {
			t.Errorf("%s prints no %q:\n%s", c.command, c.want, out)
		}
	}
	sum := strings.Fields(find(t, printed, "b3sum ~/images/note.txt"))[0]
	if out := find(t, printed, "head-object"); !strings.Contains(out, sum) {
		t.Errorf("b3sum prints %s, head-object\n%s", sum, out)
	}
	if harness.Mounted(t, filepath.Join(sh.home, "images")) {
		t.Error("the mount is still there after pfsd umount")
	}
}

// find returns what the one command with these words printed.
func find(t *testing.T, printed map[string]string, words string) string {
	t.Helper()
	for command, out := range printed {
		if strings.Contains(command, words) {
			return out
		}
	}
	t.Fatalf("README.md has no command with %q", words)
	return ""
}

// readmeCommands returns the commands of README.md's first shell block below the heading.
func readmeCommands(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(harness.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "## The first five minutes")
	_, rest, _ = strings.Cut(rest, "```sh\n")
	block, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("README.md has no first five minutes")
	}
	var commands []string
	for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", "")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			commands = append(commands, line)
		}
	}
	return commands
}

// shell is a bash that is typed into. It has a home directory of its own and, as root, a loopback network of its own, so
// that port 9000 is free in it.
type shell struct {
	t     *testing.T
	home  string
	keys  io.Writer
	lines chan string
}

const shellDone = "--- done"

// shellPatience is how long a command may print nothing before it is taken to hang. The build, with nothing in Go's cache and
// beside other tests, takes minutes on a busy machine, so this is near what the whole of the tests may take.
const shellPatience = 10 * time.Minute

func openShell(t *testing.T) *shell {
	t.Helper()
	s := harness.New(t)
	s.LinkAWS()
	cmd := s.Command("bash")
	cmd.Dir = harness.Root(t)
	cmd.Env = s.Env("GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOFLAGS="+goEnv(t, "GOFLAGS"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		cmd.Path, cmd.Args = "/proc/self/exe", []string{loopbackShell}
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	} else if l, err := net.Listen("tcp", "127.0.0.1:9000"); err != nil {
		t.Skip("port 9000, which README.md names, is taken, and only root can have a network of its own")
	} else {
		l.Close()
	}
	home := filepath.Join(s.Dir, "home")
	sh := &shell{t: t, home: home, lines: make(chan string, 10_000)}
	sh.run(cmd)
	return sh
}

// run starts the shell; at the end of the test nothing of it is left.
func (sh *shell) run(cmd *exec.Cmd) {
	sh.t.Helper()
	keys, err := cmd.StdinPipe()
	if err != nil {
		sh.t.Fatal(err)
	}
	sh.keys = keys
	screen, out, err := os.Pipe()
	if err != nil {
		sh.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		sh.t.Fatal(err)
	}
	out.Close()
	go func() {
		defer close(sh.lines)
		for lines := bufio.NewScanner(screen); lines.Scan(); {
			sh.lines <- lines.Text()
		}
	}()
	sh.t.Cleanup(func() {
		keys.Close()
		_ = cmd.Wait()
		if syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) == nil {
			sh.t.Error("a process was left behind")
		}
		if dir := filepath.Join(sh.home, "images"); harness.Mounted(sh.t, dir) {
			harness.LazyUnmount(sh.t, dir)
		}
		screen.Close()
	})
}

// enter types a command and returns what it printed. Of one that goes on in the background it awaits the ready line, as the
// reader is told to.
func (sh *shell) enter(command string) string {
	sh.t.Helper()
	fmt.Fprintf(sh.keys, "%s\necho '%s' $?\n", command, shellDone)
	beforeComment, _, _ := strings.Cut(command, " #")
	background := strings.HasSuffix(strings.TrimSpace(beforeComment), "&")
	var printed []string
	ended, ready := false, !background
	for !ended || !ready {
		line, open := sh.read(command)
		if !open {
			sh.t.Fatalf("%s: the shell ended\n%s", command, strings.Join(printed, "\n"))
		}
		if code, found := strings.CutPrefix(line, shellDone+" "); found {
			ended = true
			if code != "0" {
				sh.t.Fatalf("%s: exit code %s\n%s", command, code, strings.Join(printed, "\n"))
			}
			continue
		}
		ready = ready || strings.HasPrefix(line, "ready")
		printed = append(printed, line)
	}
	return strings.Join(printed, "\n")
}

func (sh *shell) read(command string) (string, bool) {
	sh.t.Helper()
	select {
	case line, open := <-sh.lines:
		return line, open
	case <-time.After(shellPatience):
		sh.t.Fatalf("%s: hangs", command)
		return "", false
	}
}

// loopbackShell is the name by which the test binary, in a new network, brings up the loopback interface and becomes bash.
const loopbackShell = "loopback-shell"

func becomeLoopbackShell() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		return err
	}
	unix.Close(fd)
	bash, err := exec.LookPath("bash")
	if err != nil {
		return err
	}
	return unix.Exec(bash, []string{"bash"}, os.Environ())
}
