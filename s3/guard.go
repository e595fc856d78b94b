package s3

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard keeps web pages away from a store without keys. A browser would carry their requests to the loopback address, either
// under a name that its owner lets point there, which the Host header tells, or across origins, which
// cross looks at when the bucket is known.
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

// sandbox keeps a stored page from the rest of the store. Without keys a page that a person opens from the endpoint would be of the
// endpoint's own origin, and its scripts could read every bucket. The sandbox gives it an origin of its own; its scripts, forms
// and downloads work. No browser may take other content for a page.
func (h *Handler) sandbox(header http.Header) {
	if h.cfg.AccessKey != "" {
		return
	}
	header.Set("X-Content-Type-Options", "nosniff")
	if runsScripts(header.Get("Content-Type")) {
		header.Set("Content-Security-Policy", "sandbox allow-scripts allow-forms allow-popups allow-downloads")
	}
}

// runsScripts reports whether a browser that opens content of that type may run scripts in it: HTML, SVG and all other XML.
// A type that cannot be parsed counts, since browsers may read it otherwise.
func runsScripts(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err != nil || kind == "text/html" || strings.HasSuffix(kind, "xml") || strings.HasPrefix(kind, "multipart/")
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
