package hosting

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"pfsd/cli/internal/connections"
	"pfsd/cli/internal/control"
	"pfsd/cli/internal/door"
	"pfsd/pfs"
)

// host is the process that holds the store. It is a Member.
type host struct {
	cfg      Config
	lock     *lock
	listener net.Listener
	limit    *connections.Limit
	store    *pfs.Store
	doors    *door.Table
	// local runs the operations of this process itself, server those of guests that get through the gate. Their connections
	// come through greeted.
	local   *control.InProcess
	server  *http.Server
	gate    *gate
	greeted *callListener
	client  *control.Client
	// accepting ends when the socket is closed, greeting when each connection has been dealt with.
	accepting, greeting sync.WaitGroup

	// mu guards what follows; nothing is waited for while it is held.
	mu    sync.Mutex
	state word
	// conns are the connections that are being greeted, with an empty word, and of those who have joined, with theirs. left is
	// signalled whenever one goes. served counts the connections of doors.
	conns  map[*net.UnixConn]word
	left   chan struct{}
	served int
}

var _ Member = (*host)(nil)

// newHost opens the store and serves it. The lock becomes the host's.
func newHost(ctx context.Context, cfg Config, l *lock) (*host, error) {
	listener, err := listen(cfg.Dir.Socket())
	if err != nil {
		l.release()
		return nil, err
	}
	limit := connections.New(cfg.Connections)
	h := &host{
		cfg: cfg, lock: l, listener: limit.Listener(listener), limit: limit, state: wordStarting,
		greeted: newCallListener(listener.Addr()), conns: map[*net.UnixConn]word{}, left: make(chan struct{}, 1),
	}
	// Those who come while the store is opened, which takes a while after a crash, are told that there is a host.
	h.accepting.Go(h.accept)
	if err := h.open(ctx); err != nil {
		h.closeSocket()
		l.release()
		return nil, err
	}
	h.setState(wordOK)
	return h, nil
}

// open opens the store and what serves it.
func (h *host) open(ctx context.Context) error {
	if err := h.cfg.Dir.EmptyScratch(); err != nil {
		return err
	}
	store, err := h.cfg.Open(ctx)
	if err != nil {
		return err
	}
	h.store = store
	h.doors = door.NewTable(h.cfg.Serve(store), h.cfg.Log)
	handler := control.New(store, control.Config{
		Data:  h.cfg.Dir.Path(),
		Host:  control.Host{PID: os.Getpid(), Version: h.cfg.Version, Started: h.cfg.Now().UTC()},
		Now:   h.cfg.Now,
		Doors: h.doors,
	})
	h.local = control.NewInProcess(handler)
	h.client = control.NewClient(h.local)
	h.gate = newGate(handler)
	h.server = &http.Server{Handler: h.gate, ReadHeaderTimeout: answerTimeout, MaxHeaderBytes: 64 << 10, ConnState: h.follow}
	h.server.SetKeepAlivesEnabled(false)
	h.accepting.Go(func() { _ = h.server.Serve(h.greeted) })
	return nil
}

// Client calls the operations of the store in this process.
func (h *host) Client() *control.Client { return h.client }

func (h *host) calls() http.RoundTripper { return h.local }

// OpenDoor serves a door of this process itself.
func (h *host) OpenDoor(_ context.Context, object *door.Object) (door.Running, error) {
	var file *os.File
	err := object.Give(func(own *os.File) (err error) {
		file, err = dup(own)
		return err
	})
	if err != nil {
		return nil, err
	}
	owner := door.Owner{PID: os.Getpid()}
	if object.Spec.Mount != nil {
		owner.Detach = func(ctx context.Context) error {
			_, err := object.Detach(ctx)
			return err
		}
	}
	e, err := h.doors.Open(object.Spec, file, owner)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Lost is never closed: the host does not lose itself.
func (h *host) Lost() <-chan struct{} { return nil }

// Close ends the host. One with doors lets no operation begin any more, ends all doors, its guests' too, who open theirs at the
// next host, and lets running operations go on for a short while; one without waits until its guests have left, or ctx is
// done. Until the store is closed whoever comes is told to come again.
func (h *host) Close(ctx context.Context) error {
	h.setState(wordEnding)
	if h.cfg.Doors {
		h.gate.close()
		h.doors.Close(ctx)
		short, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		ctx = short
	} else {
		h.awaitGuests(ctx)
		h.gate.close()
	}
	h.gate.wait(ctx)
	// The last answers may still be on their way.
	if h.server.Shutdown(ctx) != nil {
		_ = h.server.Close()
	}
	h.local.Wait()
	err := h.store.Close()
	h.closeSocket()
	// A store that could not be closed may still be writing: the next host waits until this process has ended.
	if err == nil {
		h.lock.release()
	}
	return err
}

// awaitGuests returns when no guest is left, or ctx is done. When that takes a while it says what it waits for.
func (h *host) awaitGuests(ctx context.Context) {
	soon := time.NewTimer(time.Second)
	defer soon.Stop()
	for n := h.guestCount(); n > 0; n = h.guestCount() {
		select {
		case <-h.left:
		case <-soon.C:
			h.cfg.Log.Warn("other commands use the store through this one: it ends when they have", "commands", n)
		case <-ctx.Done():
			return
		}
	}
}

func (h *host) guestCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, as := range h.conns {
		if as != "" {
			n++
		}
	}
	return n
}

// closeSocket ends all that listens, and all connections of guests.
func (h *host) closeSocket() {
	// The lock is still held: the socket in the directory is this host's own.
	_ = os.Remove(h.cfg.Dir.Socket())
	_ = h.listener.Close()
	_ = h.greeted.Close()
	h.mu.Lock()
	for conn := range h.conns {
		_ = conn.Close()
	}
	h.mu.Unlock()
	h.accepting.Wait()
	h.greeting.Wait()
}

func (h *host) setState(state word) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = state
}

// accept deals with each connection on its own, until the socket is closed.
func (h *host) accept() {
	for {
		conn, err := h.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// Out of descriptors, most likely: those who wait are served when there are some again.
			h.cfg.Log.Warn("control socket", "error", err)
			time.Sleep(100 * time.Millisecond)
		default:
			h.greeting.Go(func() { h.receive(conn.(*net.UnixConn)) })
		}
	}
}

// receive greets whoever has connected and gives the connection to its purpose.
func (h *host) receive(conn *net.UnixConn) {
	h.register(conn, "")
	defer h.dismiss(conn)
	pid, what, err := h.greet(conn)
	if err != nil {
		h.drop(conn)
		h.cfg.Log.Debug("control socket", "error", err)
		return
	}
	h.limit.Follow(conn, http.StateActive)
	switch what {
	case wordJoin, wordStay:
		_, _ = io.Copy(io.Discard, conn)
		h.drop(conn)
	case wordCall:
		h.greeted.hand(conn)
	case wordDoor:
		// The door's connection carries the reason of its end: it must not be closed before that is said.
		h.dismiss(conn)
		h.doors.ServeConn(conn, pid)
		h.drop(conn)
		h.mu.Lock()
		h.served--
		h.mu.Unlock()
	}
}

// greet reads what a connection is for and answers it; an error means that it is to be closed.
func (h *host) greet(conn *net.UnixConn) (pid int, what word, err error) {
	if err := conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return 0, "", err
	}
	cred, err := peer(conn)
	if err != nil {
		return 0, "", err
	}
	version, what, err := readGreeting(conn)
	if err != nil {
		return 0, "", err
	}
	answer := wordDenied
	if uid := int(cred.Uid); uid == 0 || uid == os.Geteuid() {
		answer = h.admit(conn, what)
	}
	if err := writeGreeting(conn, answer); err != nil {
		h.expel(what, answer)
		return 0, "", err
	}
	// A guest of another version closes the connection itself, having read ours in the answer.
	if answer != wordOK || version != control.Version {
		h.expel(what, answer)
		return 0, "", errors.New("answered " + string(what) + " with " + string(answer))
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		h.expel(what, answer)
		return 0, "", err
	}
	return int(cred.Pid), what, nil
}

// register keeps note of a connection.
func (h *host) register(conn *net.UnixConn, as word) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[conn] = as
}

// dismiss forgets a connection.
func (h *host) dismiss(conn *net.UnixConn) {
	h.mu.Lock()
	delete(h.conns, conn)
	h.mu.Unlock()
	select {
	case h.left <- struct{}{}:
	default:
	}
}

// dup returns a second descriptor of file's open file.
func dup(file *os.File) (*os.File, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	var dupErr error
	err = raw.Control(func(old uintptr) { fd, dupErr = dupCloseOnExec(old) })
	if err := errors.Join(err, dupErr); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), file.Name()), nil
}
