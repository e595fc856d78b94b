package endpoint

import (
	"context"
	"net"
	"sync"

	"pfsd/cli/internal/peer"
)

// callers finds out who is at the other end of connections from this machine.
type callers struct {
	// nameOf returns the name of a user; nil when nobody knows.
	nameOf func(uid uint32) string
}

// callerKey is under which a request's context has a function that names who sends it.
type callerKey struct{}

// withConn is an http.Server's ConnContext. The kernel is asked at the first change that comes through the connection, while its
// other end waits for the answer.
func (c callers) withConn(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(withConn(ctx, conn), callerKey{}, sync.OnceValue(func() string { return c.name(conn) }))
}

// name returns the user at the other end; empty when that is not on this machine, or cannot be known.
func (c callers) name(conn net.Conn) string {
	local, ok := conn.LocalAddr().(*net.TCPAddr)
	remote, alsoOK := conn.RemoteAddr().(*net.TCPAddr)
	if c.nameOf == nil || !ok || !alsoOK || !remote.IP.IsLoopback() {
		return ""
	}
	uid, err := peer.UID(local.AddrPort(), remote.AddrPort())
	if err != nil {
		return ""
	}
	return c.nameOf(uid)
}

// caller names who sends the request with a context.
func caller(ctx context.Context) string {
	name, ok := ctx.Value(callerKey{}).(func() string)
	if !ok {
		return ""
	}
	return name()
}
