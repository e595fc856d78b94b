package harness

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a process may take to become ready or to end before a test gives up on it. It is no measure of
// anything: only a hang lasts as long.
const patience = 2 * time.Minute

// Process is a running pfsd that stays in the foreground. Its methods are for the goroutine of the test.
type Process struct {
	t     testing.TB
	cmd   *exec.Cmd
	ready chan string
	ended chan struct{}
	// state is set before ended is closed.
	state error
	// over is set once the test has taken notice of the end.
	over bool
	// killed is set once the process was sent SIGKILL.
	killed bool
	stderr lockedBuffer
}

// start runs cmd and returns at once; the process is killed if the test process dies.
func start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{t: t, cmd: cmd, ready: make(chan string, 16), ended: make(chan struct{})}
	cmd.Stderr = &p.stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := spawn(cmd); err != nil {
		t.Fatalf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
	go p.follow(stdout)
	return p
}

// follow reads what the process prints until its end.
func (p *Process) follow(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if line := lines.Text(); strings.HasPrefix(line, "ready") {
			select {
			case p.ready <- line:
			default:
			}
		}
	}
	p.state = p.cmd.Wait()
	close(p.ended)
}

// awaitReady returns the next ready line, and fails the test when the process ends without one.
func (p *Process) awaitReady() string {
	p.t.Helper()
	select {
	case line := <-p.ready:
		return line
	case <-p.ended:
		p.over = true
		p.t.Fatalf("%s ended before it was ready: %v\n%s", p, p.state, p.Stderr())
	case <-time.After(patience):
		p.giveUp("not ready")
	}
	return ""
}

// String returns the command line.
func (p *Process) String() string { return strings.Join(p.cmd.Args, " ") }

// PID returns the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Stderr returns what the process has written to stderr so far.
func (p *Process) Stderr() string { return p.stderr.String() }

// Signal sends sig.
func (p *Process) Signal(sig syscall.Signal) {
	p.t.Helper()
	p.killed = p.killed || sig == syscall.SIGKILL
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Errorf("%s: %v", p, err)
	}
}

// Wait waits for the process to end by itself and returns its exit code; -1 for one that a signal ended.
func (p *Process) Wait() int {
	p.t.Helper()
	if p.killed {
		p.unstick()
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.giveUp("did not end")
	}
	p.over = true
	var exit *exec.ExitError
	switch {
	case p.state == nil:
		return 0
	case errors.As(p.state, &exit):
		return exit.ExitCode()
	}
	p.t.Fatalf("%s: %v", p, p.state)
	return -1
}

// Stop ends the process as Ctrl-C does, and fails the test when it does not exit with 0.
func (p *Process) Stop() {
	p.t.Helper()
	p.Signal(syscall.SIGINT)
	if code := p.Wait(); code != 0 {
		p.t.Errorf("%s: exit code %d after Ctrl-C\n%s", p, code, p.Stderr())
	}
}

// Kill ends the process as kill -9 does.
func (p *Process) Kill() {
	p.t.Helper()
	p.Signal(syscall.SIGKILL)
	p.Wait()
}

// StopOrKill asks the process to end, as a service manager does, and kills it if it has not ended after a while.
func (p *Process) StopOrKill(after time.Duration) {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(after):
		// It may end by itself still.
		if err := p.cmd.Process.Kill(); err == nil {
			p.killed = true
		} else if !errors.Is(err, os.ErrProcessDone) {
			p.t.Errorf("%s: %v", p, err)
		}
	}
	if code := p.Wait(); code != 0 && !p.killed {
		p.t.Errorf("%s: exit code %d after SIGTERM\n%s", p, code, p.Stderr())
	}
}

// stuck is how long a killed process may take to go before its mounts are taken for what keeps it.
const stuck = time.Minute

// unstick waits for a killed process to go. It fails the test when the process is kept by its mounts, and ends that, so that
// the test can end.
func (p *Process) unstick() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(stuck):
		p.t.Errorf("%s was killed and is not gone", p)
		forceMounts(filepath.Dir(filepath.Dir(p.cmd.Path)))
	}
}

// Ended reports whether the test has seen the process end.
func (p *Process) Ended() bool { return p.over }

// finish stops the process if the test has not, at the end of the test.
func (p *Process) finish() {
	p.t.Helper()
	if p.over {
		return
	}
	select {
	case <-p.ended:
		p.t.Errorf("%s ended by itself: %v\n%s", p, p.state, p.Stderr())
	default:
		p.Stop()
	}
}

// giveUp fails the test, with the stacks of the process that hangs.
func (p *Process) giveUp(what string) {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
	}
	p.over = true
	p.t.Fatalf("%s: %s within %v\n%s", p, what, patience, p.Stderr())
}

// spawn starts cmd on the one thread that lives as long as this process, since the kernel sends a parent-death signal when
// the thread ends that started the child.
func spawn(cmd *exec.Cmd) error {
	answer := make(chan error)
	spawner() <- func() { answer <- cmd.Start() }
	return <-answer
}

var spawner = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for do := range work {
			do()
		}
	}()
	return work
})

// lockedBuffer is a buffer that can be read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
