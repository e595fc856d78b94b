// Package peer finds out which user of this machine is at the other end of a connection.
package peer

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"
)

// errUnknown is for a connection whose other end the kernel does not know: it is not on this machine, or gone.
var errUnknown = errors.New("the kernel does not tell")

// The parts of a question of sock_diag(7) and of its answer that are used, as <linux/inet_diag.h> has them.
const (
	familyRequest = 20 // SOCK_DIAG_BY_FAMILY
	headSize      = unix.SizeofNlMsghdr
	requestSize   = headSize + 56
	answerSize    = headSize + 72
	uidOffset     = headSize + 64
	anyCookie     = 1<<64 - 1
)

// UID returns the user who made the socket at the other end of a TCP connection, given both addresses as this end has them. The
// error says that the connection does not come from this machine's network namespace, or that the kernel does not tell.
func UID(local, remote netip.AddrPort) (uint32, error) {
	local = netip.AddrPortFrom(local.Addr().Unmap().WithZone(""), local.Port())
	remote = netip.AddrPortFrom(remote.Addr().Unmap().WithZone(""), remote.Port())
	if local.Addr().BitLen() != remote.Addr().BitLen() || !remote.IsValid() {
		return 0, errUnknown
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, question(remote, local), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, err
	}
	answer := make([]byte, 4096)
	// The kernel has answered before the sending has returned.
	n, _, err := unix.Recvfrom(fd, answer, unix.MSG_DONTWAIT)
	if err != nil {
		return 0, err
	}
	return answered(answer[:n])
}

// question asks for the socket at from whose other end is to.
func question(from, to netip.AddrPort) []byte {
	q := make([]byte, requestSize)
	binary.NativeEndian.PutUint32(q, requestSize)
	binary.NativeEndian.PutUint16(q[4:], familyRequest)
	binary.NativeEndian.PutUint16(q[6:], unix.NLM_F_REQUEST)
	body := q[headSize:]
	body[0], body[1] = unix.AF_INET, unix.IPPROTO_TCP
	if from.Addr().Is6() {
		body[0] = unix.AF_INET6
	}
	binary.NativeEndian.PutUint32(body[4:], 1<<32-1) // a socket in any state
	binary.BigEndian.PutUint16(body[8:], from.Port())
	binary.BigEndian.PutUint16(body[10:], to.Port())
	copy(body[12:28], from.Addr().AsSlice())
	copy(body[28:44], to.Addr().AsSlice())
	binary.NativeEndian.PutUint64(body[48:], anyCookie)
	return q
}

// answered returns the user that an answer names.
func answered(answer []byte) (uint32, error) {
	if len(answer) < answerSize || binary.NativeEndian.Uint16(answer[4:]) != familyRequest {
		return 0, errUnknown
	}
	return binary.NativeEndian.Uint32(answer[uidOffset:]), nil
}
