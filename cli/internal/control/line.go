package control

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"time"
)

// line is one line of a list: an item, or how the list ended. A list without such an end has been cut off.
type line[T any] struct {
	Item  *T     `json:"item,omitempty"`
	Fault *Fault `json:"fault,omitempty"`
	End   bool   `json:"end,omitempty"`
}

// flushEvery is how long an item of a list may wait in a buffer, so that a slow list is seen as it grows.
const flushEvery = 200 * time.Millisecond

// writeList answers a request with a list. An error before the first item is answered as a failed request.
func writeList[T any](w http.ResponseWriter, seq iter.Seq2[T, error], now func() time.Time) {
	var (
		enc     = json.NewEncoder(w)
		started bool
		flushed = now()
	)
	for item, err := range seq {
		switch {
		case err != nil && !started:
			fail(w, err)
			return
		case err != nil:
			_ = enc.Encode(line[T]{Fault: FaultOf(err)})
			return
		}
		started = true
		if enc.Encode(line[T]{Item: &item}) != nil {
			return
		}
		if t := now(); t.Sub(flushed) >= flushEvery {
			_ = http.NewResponseController(w).Flush()
			flushed = t
		}
	}
	_ = enc.Encode(line[T]{End: true})
}

// readList yields the items of a list and closes it.
func readList[T any](body io.ReadCloser) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		defer body.Close()
		var none T
		for dec := json.NewDecoder(body); ; {
			var l line[T]
			err := dec.Decode(&l)
			switch {
			case err == io.EOF:
				yield(none, io.ErrUnexpectedEOF)
				return
			case err != nil:
				yield(none, err)
				return
			case l.Fault != nil:
				yield(none, l.Fault.Err())
				return
			case l.Item == nil:
				return
			case !yield(*l.Item, nil):
				return
			}
		}
	}
}

// failed is a list that is nothing but an error.
func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}

// guarded ends seq with ctx's error once ctx is done.
func guarded[T any](ctx context.Context, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range seq {
			if err == nil {
				err = ctx.Err()
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}
