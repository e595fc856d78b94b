package s3

import (
	"io"
	"net/http"
	"os"

	"pfsd/pfs"
	"pfsd/s3/sendfile"
)

// response is a ResponseWriter that remembers what was answered.
type response struct {
	http.ResponseWriter
	request *request
	// status is 0 until the header has been written.
	status  int
	written int64
}

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.send(func() (int64, error) {
		n, err := w.ResponseWriter.Write(p)
		return int64(n), err
	})
	return int(n), err
}

// send calls fn, which writes to the client, and counts what it has written.
func (w *response) send(fn func() (int64, error)) (int64, error) {
	if err := w.request.grant.Begin(); err != nil {
		return 0, err
	}
	n, err := w.request.stall.write(fn)
	w.written += n
	if cut := w.request.grant.End(n); err == nil {
		err = cut
	}
	return n, err
}

// Unwrap gives http.ResponseController what it needs.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// late is a writer to w that writes the header, with the given status, only before the first byte: an error before that can
// still be answered as one.
type late struct {
	*response
	begin int
}

var _ pfs.FileSender = late{}

// Write implements io.Writer.
func (l late) Write(p []byte) (int, error) {
	if l.status == 0 {
		l.WriteHeader(l.begin)
	}
	return l.response.Write(p)
}

// SendFile implements pfs.FileSender. Without a connection that can send files it is a copy.
func (l late) SendFile(file *os.File, off, n int64) (int64, error) {
	if l.status == 0 {
		l.WriteHeader(l.begin)
		// net/http would read the first bytes, to guess a Content-Type, were the header not out.
		flush := http.NewResponseController(l.ResponseWriter).Flush
		if _, err := l.send(func() (int64, error) { return 0, flush() }); err != nil {
			return 0, err
		}
	}
	return l.send(func() (int64, error) { return io.Copy(l.ResponseWriter, sendfile.NewSection(file, off, n)) })
}
