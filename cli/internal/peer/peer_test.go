package peer_test

import (
	"net"
	"net/netip"
	"os"
	"testing"

	"pfsd/cli/internal/peer"
)

// TestUID asks for the user at the other end of connections: of both families, closed ones, and ones that never were.
func TestUID(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Logf("%s: %v", addr, err)
			continue
		}
		defer l.Close()
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		local, remote := at(server.LocalAddr()), at(server.RemoteAddr())
		uid, err := peer.UID(local, remote)
		if err != nil || uid != uint32(os.Geteuid()) {
			t.Errorf("%s: user %d, %v, want %d", addr, uid, err, os.Geteuid())
		}
		if uid, err := peer.UID(local, netip.AddrPortFrom(remote.Addr(), 1)); err == nil {
			t.Errorf("%s: a socket that is not there is of user %d", addr, uid)
		}
		client.Close()
	}
	if uid, err := peer.UID(netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("[::1]:2")); err == nil {
		t.Errorf("addresses of two families are of user %d", uid)
	}
	if uid, err := peer.UID(netip.AddrPort{}, netip.AddrPort{}); err == nil {
		t.Errorf("no addresses are of user %d", uid)
	}
}

func at(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }
