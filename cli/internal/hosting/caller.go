package hosting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"pfsd/cli/internal/door"
)

// ErrUnanswered is the error of an operation whose host went after it had begun, and before all of the answer had come.
var ErrUnanswered = errors.New("the process that held the store ended before it had answered: " +
	"a change may or may not have been made; look before you make it again")

// caller sends operations to a host, each over a connection of its own, so that none gets to a host that has begun to end. It
// is a http.RoundTripper.
//
// The host agrees to an operation with "100 Continue" before it begins, and only then is sent the body. An operation that it
// has surely not begun fails with door.ErrHostGone, and its body has not been read nor closed: it can be sent to the next
// host. One that may have been begun fails with ErrUnanswered.
type caller struct {
	transport *http.Transport
}

func newCaller(dial func() (net.Conn, error)) *caller {
	return &caller{&http.Transport{
		DisableKeepAlives:     true,
		DisableCompression:    true,
		ExpectContinueTimeout: math.MaxInt64,
		DialContext:           func(context.Context, string, string) (net.Conn, error) { return dial() },
	}}
}

// RoundTrip sends one operation.
func (c *caller) RoundTrip(req *http.Request) (*http.Response, error) {
	var begun atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{Got100Continue: func() { begun.Store(true) }})
	sent := req.WithContext(ctx)
	if req.Body != nil {
		sent.Body = &offer{ReadCloser: req.Body, taken: &begun}
	}
	res, err := c.transport.RoundTrip(sent)
	var version *VersionError
	switch {
	case err == nil && res.StatusCode == http.StatusServiceUnavailable && !begun.Load():
		res.Body.Close()
		return nil, fmt.Errorf("%w: it is ending", door.ErrHostGone)
	case err == nil:
		res.Body = &answer{ReadCloser: res.Body, ctx: req.Context()}
		return res, nil
	case req.Context().Err() != nil, errors.As(err, &version), errors.Is(err, errDenied):
		return nil, err
	case !begun.Load():
		return nil, fmt.Errorf("%w: %w", door.ErrHostGone, err)
	default:
		return nil, ErrUnanswered
	}
}

// offer is the body of an operation that the host may not take.
type offer struct {
	io.ReadCloser
	taken *atomic.Bool
}

// Close closes a body that the host has taken. Another one stays, for the next host.
func (o *offer) Close() error {
	if !o.taken.Load() {
		return nil
	}
	return o.ReadCloser.Close()
}

// answer is the body of a host's answer.
type answer struct {
	io.ReadCloser
	ctx context.Context
}

// Read reads from the answer. The error says so when the host has gone in the middle of it.
func (a *answer) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	if err != nil && err != io.EOF && a.ctx.Err() == nil && !errors.Is(err, http.ErrBodyReadAfterClose) {
		err = ErrUnanswered
	}
	return n, err
}
