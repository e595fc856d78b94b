package control

import (
	"io"
	"net/http"
	"sync"
)

// InProcess is a RoundTripper that runs a handler in this process. Both bodies stream: nothing is gathered in memory.
type InProcess struct {
	handler http.Handler
	running sync.WaitGroup
}

// NewInProcess returns a RoundTripper that runs handler.
func NewInProcess(handler http.Handler) *InProcess { return &InProcess{handler: handler} }

// Wait returns when every handler that was started has returned; the bodies of the answers must have been closed.
func (p *InProcess) Wait() { p.running.Wait() }

// RoundTrip starts the handler and returns when it has sent its header.
func (p *InProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	body, out := io.Pipe()
	w := &responder{
		out: out, header: http.Header{}, answered: make(chan struct{}),
		res: &http.Response{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: body, ContentLength: -1, Request: req},
	}
	served := req.WithContext(req.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	p.running.Go(func() { w.run(p.handler, served) })
	select {
	case <-w.answered:
		return w.res, nil
	case <-req.Context().Done():
		_ = body.CloseWithError(req.Context().Err())
		return nil, req.Context().Err()
	}
}

// responder is the http.ResponseWriter of a handler in this process.
type responder struct {
	out      *io.PipeWriter
	header   http.Header
	res      *http.Response
	once     sync.Once
	answered chan struct{}
}

// run serves the request. A handler that panics with http.ErrAbortHandler breaks the body off, as a server's connection.
func (w *responder) run(handler http.Handler, req *http.Request) {
	end := io.ErrUnexpectedEOF
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
		w.WriteHeader(http.StatusOK)
		_ = w.out.CloseWithError(end)
		_ = req.Body.Close()
	}()
	handler.ServeHTTP(w, req)
	end = nil
}

// Header returns the header of the answer, to be filled before the first write.
func (w *responder) Header() http.Header { return w.header }

// WriteHeader sends the header; only the first call does.
func (w *responder) WriteHeader(status int) {
	w.once.Do(func() {
		w.res.StatusCode, w.res.Status = status, http.StatusText(status)
		w.res.Header = w.header.Clone()
		close(w.answered)
	})
}

// Write hands p to the reader of the answer and returns when it has been read.
func (w *responder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.out.Write(p)
}

// Flush does nothing but send the header: nothing is buffered.
func (w *responder) Flush() { w.WriteHeader(http.StatusOK) }
