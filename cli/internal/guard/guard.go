package guard

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"pfsd/fsys"
)

// name is what the process of a guard is called, by which Run knows that it is to be one.
const name = "pfsd-guard"

// died is the signal that says that the server has been killed. It is one that does nothing to a process which does not
// listen yet.
const died = syscall.SIGWINCH

// patience is how long the process of a guard may take to read what it is told, or to end.
const patience = time.Second

// Guard has a process look after the mounts that this one serves, as long as there are any. It may be used concurrently.
type Guard struct {
	program string
	log     *slog.Logger

	// mu guards what follows.
	mu      sync.Mutex
	watched map[fsys.Connection]int
	process *process // nil while nothing is watched
}

// process is one run of the process.
type process struct {
	orders *os.File
	// ended is closed when it has ended.
	ended chan struct{}
}

// New returns a guard, whose process runs program: an executable file that calls Run. Nothing is started yet.
func New(program string, log *slog.Logger) *Guard {
	return &Guard{program: program, log: log, watched: map[fsys.Connection]int{}}
}

// Watch has c aborted if this process is killed and does not end. The caller calls forget once, when the mount is served no
// more. Without a process, which is logged, the mount is served unguarded.
func (g *Guard) Watch(c fsys.Connection) (forget func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.watched[c]++
	if g.process == nil {
		g.start()
	}
	g.tell()
	return func() { g.forget(c) }
}

// forget takes back one Watch. With the last one the process ends.
func (g *Guard) forget(c fsys.Connection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.watched[c]--; g.watched[c] == 0 {
		delete(g.watched, c)
	}
	if len(g.watched) > 0 {
		g.tell()
		return
	}
	p := g.process
	g.process = nil
	if p == nil {
		return
	}
	_ = p.orders.Close() // Nothing is written any more.
	select {
	case <-p.ended:
	case <-time.After(patience):
	}
}

// start starts the process. The caller holds mu.
func (g *Guard) start() {
	p, err := start(g.program)
	if err != nil {
		g.log.Warn("no process guards the mounts: should this one be killed, they may have to be unmounted by umount -f", "error", err)
		return
	}
	g.process = p
}

// tell tells the process what is watched by now. The caller holds mu.
func (g *Guard) tell() {
	if g.process == nil {
		return
	}
	connections := make([]fsys.Connection, 0, len(g.watched))
	for c := range g.watched {
		connections = append(connections, c)
	}
	err := g.process.orders.SetWriteDeadline(time.Now().Add(patience))
	if err == nil {
		err = json.NewEncoder(g.process.orders).Encode(connections)
	}
	if err != nil { // It was ended by somebody: the next mount has a new one.
		_ = g.process.orders.Close()
		g.process = nil
	}
}

// start starts a process on a thread that lives as long as it does, since the kernel signals the death of the thread that has
// started it.
func start(program string) (*process, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := &exec.Cmd{
		Path: program, Args: []string{name, strconv.Itoa(os.Getpid())}, Env: []string{"GOMAXPROCS=1"}, Dir: "/", Stdin: read,
		// In a session of its own, the signals that a terminal sends to all of a group do not reach it.
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Pdeathsig: died},
	}
	p := &process{orders: write, ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // How it has ended is nothing that could be acted on.
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		write.Close()
		return nil, err
	}
	return p, nil
}
