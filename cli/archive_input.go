package cli

import (
	"archive/tar"
	"bytes"
	"io"
	"strconv"
	"strings"
)

// blockSize is the size of the blocks that a tar archive is made of.
const blockSize = 512

// maxHead is how much of what was read last is kept: more than the largest header that package archive/tar takes.
const maxHead = 1<<20 + 64<<10

// archiveInput is what a tar archive is read from. It keeps the last header as it stands there, since package archive/tar does not
// tell where the holes of a file are. Bytes that were read past that package are made up for with zeros, which it skips.
type archiveInput struct {
	in io.Reader
	// ended is set when in has been read to its end.
	ended bool
	// heading is set while a header is read, the end of which is in head.
	heading bool
	head    []byte
	// owed is how many bytes were read past the package.
	owed int64
}

// Read reads for package archive/tar.
func (a *archiveInput) Read(b []byte) (int, error) {
	if a.owed > 0 {
		n := min(a.owed, int64(len(b)))
		clear(b[:n])
		a.owed -= n
		return int(n), nil
	}
	n, err := a.in.Read(b)
	a.ended = a.ended || err == io.EOF
	if a.heading {
		if len(a.head) > 2*maxHead {
			a.head = append(a.head[:0], a.head[len(a.head)-maxHead:]...)
		}
		a.head = append(a.head, b[:n]...)
	}
	return n, err
}

// next has archive, which reads from a, read the next header.
func (a *archiveInput) next(archive *tar.Reader) (*tar.Header, error) {
	a.heading, a.head = true, a.head[:0]
	head, err := archive.Next()
	a.heading = false
	if a.owed > 0 {
		return nil, tar.ErrHeader
	}
	return head, err
}

// past returns a reader of the bytes that come next, past package archive/tar. The end of the archive is io.ErrUnexpectedEOF.
func (a *archiveInput) past() io.Reader { return pastReader{a} }

// pastReader is what archiveInput.past returns.
type pastReader struct{ a *archiveInput }

// Read reads from the archive.
func (p pastReader) Read(b []byte) (int, error) {
	n, err := p.a.in.Read(b)
	p.a.owed += int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// lastName returns the name in the last header that was read, whole or not; "" when there is none.
func (a *archiveInput) lastName() string {
	for end := len(a.head); end >= blockSize; end-- {
		if b := a.head[end-blockSize : end]; isHeader(b) {
			name, _, _ := bytes.Cut(b[:100], []byte{0})
			return string(name)
		}
	}
	return ""
}

// isHeader reports whether b, a block, is a header: it has the sum that it says.
func isHeader(b []byte) bool {
	want, ok := number(b[148:156])
	var sum int64
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
	}
	return ok && sum == want && string(b[257:262]) == "ustar"
}

// number returns the number in a field of a header: octal digits, or, behind a first byte of 0x80, its bytes.
func number(field []byte) (int64, bool) {
	if len(field) > 0 && field[0] == 0x80 {
		var n int64
		for _, c := range field[1:] {
			if n >= 1<<55 {
				return 0, false
			}
			n = n<<8 | int64(c)
		}
		return n, true
	}
	text := strings.Trim(string(field), " \x00")
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(text, 8, 64)
	return n, err == nil && n >= 0
}
