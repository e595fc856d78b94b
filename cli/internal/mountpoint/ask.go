package mountpoint

import (
	"context"
	"errors"
	"time"
)

// errSilent is the error of a mount whose server does not answer.
var errSilent = errors.New("it does not answer")

// answering is how long the server of a mount may take for an answer.
const answering = 5 * time.Second

// ask returns the results of f, which may have to wait for the server of a mount. The error is errSilent when f takes longer than
// answering, or the cause of ctx when that is done before. The thread of f then waits on, until the server answers or this
// process ends.
func ask[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		value, err := f()
		answered <- answer{value, err}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, answering, errSilent)
	defer cancel()
	select {
	case a := <-answered:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
