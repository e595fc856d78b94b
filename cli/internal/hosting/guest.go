package hosting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"golang.org/x/sys/unix"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/door"
)

// guest is a process that uses the store through its host. It is a Member.
type guest struct {
	socket string
	// joined lives as long as the guest; nothing is sent on it.
	joined *net.UnixConn
	client *control.Client
	caller *caller
	lost   chan struct{}
}

var _ Member = (*guest)(nil)

// newGuest joins the host. It fails with errUnreachable, or with a waitError when the host wants to be asked again.
func newGuest(cfg Config) (*guest, error) {
	socket := cfg.Dir.Socket()
	what := wordJoin
	if cfg.Doors {
		what = wordStay
	}
	joined, err := connect(socket, what)
	if err != nil {
		return nil, err
	}
	g := &guest{socket: socket, joined: joined, lost: make(chan struct{})}
	g.caller = newCaller(func() (net.Conn, error) { return connect(socket, wordCall) })
	g.client = control.NewClient(g.caller)
	go g.watch()
	return g, nil
}

// watch closes lost when the host's end of the joined connection is closed, by Close or by the host's end.
func (g *guest) watch() {
	_, _ = io.Copy(io.Discard, g.joined)
	close(g.lost)
}

// Client calls the operations of the store through its host.
func (g *guest) Client() *control.Client { return g.client }

func (g *guest) calls() http.RoundTripper { return g.caller }

// OpenDoor passes the object to the host.
func (g *guest) OpenDoor(ctx context.Context, object *door.Object) (door.Running, error) {
	conn, err := connect(g.socket, wordDoor)
	var wait *waitError
	if errors.Is(err, errUnreachable) || errors.As(err, &wait) {
		// It was there when this process joined it.
		return nil, fmt.Errorf("%w: %w", door.ErrHostGone, err)
	}
	if err != nil {
		return nil, err
	}
	return door.Open(ctx, conn, object)
}

// Lost is closed when the host has gone.
func (g *guest) Lost() <-chan struct{} { return g.lost }

// Close leaves the host.
func (g *guest) Close(context.Context) error {
	err := g.joined.Close()
	<-g.lost
	return err
}

// connect connects to the host for the purpose what.
func connect(socket string, what word) (*net.UnixConn, error) {
	conn, err := dial(socket)
	if err != nil {
		return nil, dialError(err)
	}
	answer, err := greet(conn, what)
	if err == nil && answer != wordOK {
		err = refusal(conn, answer)
	}
	if err == nil {
		return conn, nil
	}
	conn.Close()
	var wait *waitError
	var version *VersionError
	if errors.As(err, &wait) || errors.As(err, &version) || errors.Is(err, errDenied) {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", errUnreachable, err)
}

// errDenied is a host that does not let this user in.
var errDenied = errors.New("only the owner of the data directory and root may use its store")

// dialError classifies what connecting failed with: a socket that is not there, or has nobody behind it, may come to life.
func dialError(err error) error {
	for _, passing := range []error{unix.ENOENT, unix.ECONNREFUSED, unix.EAGAIN, unix.ECONNRESET} {
		if errors.Is(err, passing) {
			return fmt.Errorf("%w: %w", errUnreachable, err)
		}
	}
	if errors.Is(err, unix.EACCES) {
		return errDenied
	}
	return err
}

// refusal is the error that an answer other than wordOK stands for.
func refusal(conn *net.UnixConn, answer word) error {
	switch answer {
	case wordStarting, wordBusy, wordEnding, wordFull:
		e := &waitError{answer: answer}
		if cred, err := peer(conn); err == nil {
			e.pid = int(cred.Pid)
		}
		return e
	case wordDenied:
		return errDenied
	default:
		return errGarbage
	}
}
