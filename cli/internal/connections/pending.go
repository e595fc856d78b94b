package connections

import (
	"container/list"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// looks is how many connections of a list are looked at for one to be closed.
const looks = 64

// silent returns the first connection of a list from which nothing has come that its server has not read: a request may be on the way
// on those before it. When there is none among the first ones it is the very first.
func silent(of *list.List) *list.Element {
	at := of.Front()
	for range looks {
		if at == nil {
			break
		}
		if !pending(at.Value.(net.Conn)) {
			return at
		}
		at = at.Next()
	}
	return of.Front()
}

// pending reports whether the kernel has bytes of a connection that were not read. It looks below connections that have another one in
// them.
func pending(conn net.Conn) bool {
	for {
		outer, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = outer.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	n := 0
	err = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	return err == nil && n > 0
}
