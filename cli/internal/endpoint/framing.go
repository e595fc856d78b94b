package endpoint

import (
	"bytes"
	"sync"
)

// framing finds out whether a head has both Content-Length and Transfer-Encoding, of which net/http shows the second alone. Two
// servers that read such a request may disagree where it ends, so its connection is not used again (RFC 9112, section 6.1).
// It is safe for concurrent use.
type framing struct {
	mu sync.Mutex
	// name is the beginning of the line that is being read, in lower case, up to the length of the longest name.
	name []byte
	// ended is set when the head has ended: the bytes that follow are of the body.
	ended          bool
	length, coding bool
}

var (
	lengthName = []byte("content-length:")
	codingName = []byte("transfer-encoding:")
)

// begin forgets the head before.
func (f *framing) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.name, f.ended, f.length, f.coding = f.name[:0], false, false, false
}

// read takes the next bytes of a head.
func (f *framing) read(p []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(p) > 0 && !f.ended {
		line, rest, whole := bytes.Cut(p, []byte{'\n'})
		if missing := len(codingName) - len(f.name); missing > 0 {
			f.name = append(f.name, bytes.ToLower(line[:min(missing, len(line))])...)
		}
		if !whole {
			return
		}
		f.length = f.length || bytes.HasPrefix(f.name, lengthName)
		f.coding = f.coding || bytes.HasPrefix(f.name, codingName)
		f.ended = len(bytes.TrimSuffix(f.name, []byte{'\r'})) == 0
		f.name, p = f.name[:0], rest
	}
}

// ambiguous reports whether the head had both.
func (f *framing) ambiguous() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.length && f.coding
}
