package harness

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Admin is the admin listener of a process.
type Admin struct {
	url string
}

// Admin returns the admin listener of a process that was started with --admin, and whose doors are open.
func (p *Process) Admin() Admin {
	p.t.Helper()
	line := p.awaitReady()
	url, ok := strings.CutPrefix(line, "ready admin ")
	if !ok {
		p.t.Fatalf("no admin listener in %q", line)
	}
	return Admin{url}
}

// LiveBytes has the process collect its garbage, and returns what memory its objects take that are left: unlike what it has
// from the system, that does not depend on when it last did so by itself.
func (a Admin) LiveBytes() (int64, error) {
	return a.figure("/debug/pprof/heap?gc=1&debug=1", "# HeapAlloc = ")
}

// Goroutines returns how many goroutines the process has.
func (a Admin) Goroutines() (int64, error) { return a.figure("/metrics", "go_goroutines ") }

// figure returns the number behind a word at the beginning of a line.
func (a Admin) figure(path, word string) (int64, error) {
	resp, err := http.Get(a.url + path)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile("(?m)^" + regexp.QuoteMeta(word) + "([0-9]+)$").FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("%s: %s without %q", path, resp.Status, word)
	}
	return strconv.ParseInt(string(found[1]), 10, 64)
}
