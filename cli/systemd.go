package cli

import (
	"fmt"
	"net"
	"os"
)

// tellManager tells systemd, or whoever else started this process as a service of type notify, how it is doing, as
// sd_notify(3) has it. It does nothing where nobody wants to know.
func (p *program) tellManager(state string) {
	address := p.getenv("NOTIFY_SOCKET")
	if address == "" {
		return
	}
	if address[0] == '@' {
		address = "\x00" + address[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err == nil {
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "%s\nMAINPID=%d\n", state, os.Getpid())
	}
	if err != nil {
		p.log.Warn("the service manager could not be told", "state", state, "error", err)
	}
}
