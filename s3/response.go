package s3

import "net/http"

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
	n, err := w.request.stall.write(w.ResponseWriter.Write, p)
	w.written += int64(n)
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

// Write implements io.Writer.
func (l late) Write(p []byte) (int, error) {
	if l.status == 0 {
		l.WriteHeader(l.begin)
	}
	return l.response.Write(p)
}
