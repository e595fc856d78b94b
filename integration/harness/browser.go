package harness

import (
	"os"
	"sync"
)

var chromium = sync.OnceValues(func() (string, error) { return tool("chromium", "--version") })

// Page opens a URL in a headless Chromium with a new profile, waits until the page's scripts have come to rest, and returns the
// document as it is then, as HTML. Its proxies and background requests are off: it talks to loopback alone.
func (s *Store) Page(url string) string {
	s.t.Helper()
	profile, err := os.MkdirTemp(s.Dir, "browser")
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Run(s.Command(s.tool(chromium), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
		"--user-data-dir="+profile, "--virtual-time-budget=20000", "--dump-dom", url))
}
