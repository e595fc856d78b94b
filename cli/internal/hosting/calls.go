package hosting

import (
	"net"
	"sync"

	"golang.org/x/sys/unix"
)

// callListener is a net.Listener of the connections that have been greeted as calls.
type callListener struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var _ net.Listener = (*callListener)(nil)

func newCallListener(addr net.Addr) *callListener {
	return &callListener{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
}

// hand gives conn to the next Accept, or closes it after Close.
func (l *callListener) hand(conn net.Conn) {
	select {
	case l.conns <- conn:
	case <-l.closed:
		conn.Close()
	}
}

// Accept returns the next connection, or net.ErrClosed after Close.
func (l *callListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. Idempotent.
func (l *callListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns the socket's address.
func (l *callListener) Addr() net.Addr { return l.addr }

func dupCloseOnExec(fd uintptr) (int, error) {
	return unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
}
