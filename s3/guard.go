package s3

import (
	"net"
	"net/netip"
	"strings"
)

// guard keeps web pages away from a store without keys. A browser would carry their requests to the loopback address, either
// under a name that its owner lets point there, which the Host header tells, or across origins, which Origin tells; that is
// looked at in cross, when the bucket is known.
func (h *Handler) guard(q *request) error {
	if h.cfg.AccessKey != "" {
		return nil
	}
	// What comes without a name, as HTTP/1.0 may, does not come from a browser.
	if q.Host != "" && !isLoopback(q.Host) && !h.isDomain(q.Host) {
		return failf(codeAccessDenied, "Without access keys this endpoint answers only to localhost; the Host header "+
			"names another host.")
	}
	return nil
}

// isDomain reports whether host is the configured domain or a name in it.
func (h *Handler) isDomain(host string) bool {
	name, domain := strings.ToLower(hostname(host)), strings.ToLower(h.cfg.Domain)
	return domain != "" && (name == domain || strings.HasSuffix(name, "."+domain))
}

// isLoopback reports whether host, with or without a port, can name only this machine.
func isLoopback(host string) bool {
	name := strings.ToLower(hostname(host))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.IsLoopback()
}

// hostname returns host without a port and the brackets of an IPv6 address.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
