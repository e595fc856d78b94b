package cli

import (
	"context"
	"os"
	"testing"

	"pfsd/cli/internal/door"
)

// TestEndAsTheHostLeaves ends a door whose host leaves, in order, before it hears of that, as when Ctrl-C reaches both.
func TestEndAsTheHostLeaves(t *testing.T) {
	d := openDoor{object: door.NewObject(door.Spec{}, nil, listener{}), running: &leaving{done: make(chan struct{})}}
	if err := d.end(t.Context()); err != nil {
		t.Errorf("the end: %v", err)
	}
}

// leaving is a door whose host leaves when it is asked to end the door.
type leaving struct{ done chan struct{} }

func (l *leaving) Done() <-chan struct{} { return l.done }

func (l *leaving) Err() error { return door.ErrHostLeft }

func (l *leaving) End(context.Context) error {
	close(l.done)
	return l.Err()
}

// listener is the kernel object of an endpoint.
type listener struct{}

func (listener) Detach(context.Context) (bool, error) { return false, nil }

func (listener) Abandon() error { return nil }

func (listener) Renew(old *os.File) (*os.File, error) { return old, nil }

func (listener) Release() error { return nil }
