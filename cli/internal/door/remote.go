package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"

	"pfsd/cli/internal/control"
)

// ErrHostGone is the error of a door whose host has died or was killed, or is about to end: it can be opened at another one.
var ErrHostGone = errors.New("the process that held the store has gone")

// ErrHostLeft is an ErrHostGone: the host has ended in order, and all that came in through the door is committed.
var ErrHostLeft = fmt.Errorf("%w, in order", ErrHostGone)

// Remote is a door of this process that another one serves. It is a Running.
type Remote struct {
	object *Object
	conn   *net.UnixConn
	ready  chan struct{}
	done   chan struct{}

	// readied closes ready, once.
	readied sync.Once
	// writing is held while a line is written.
	writing sync.Mutex
	// mu guards err.
	mu  sync.Mutex
	err error
}

var _ Running = (*Remote)(nil)

// Open passes the object to the host at the other end of conn and returns when it serves it. The connection becomes the
// door's, and is closed when it fails.
func Open(ctx context.Context, conn *net.UnixConn, object *Object) (*Remote, error) {
	r := &Remote{object: object, conn: conn, ready: make(chan struct{}), done: make(chan struct{})}
	err := object.Give(func(file *os.File) error { return sendSpec(conn, object.Spec, file) })
	if err != nil {
		conn.Close()
		return nil, hostGone(err)
	}
	go r.listen()
	select {
	case <-r.ready:
		return r, nil
	case <-r.done:
		return nil, r.Err()
	case <-ctx.Done():
		conn.Close()
		<-r.done
		return nil, ctx.Err()
	}
}

// listen follows the host's words to the last, or until the host is gone.
func (r *Remote) listen() {
	defer close(r.done)
	defer r.conn.Close()
	for dec := json.NewDecoder(r.conn); ; {
		var m message
		if err := dec.Decode(&m); err != nil {
			r.fail(ErrHostGone)
			return
		}
		switch m.Do {
		case wordReady:
			r.readied.Do(func() { close(r.ready) })
		case wordDetach:
			go r.detach()
		case wordRenew:
			go r.renew()
		case wordEnded:
			if m.Leaving {
				r.fail(ErrHostLeft)
			} else {
				r.fail(m.Fault.Err())
			}
			return
		}
	}
}

func (r *Remote) detach() {
	_, err := r.object.Detach(context.Background())
	_ = r.say(message{Do: wordDetached, Fault: control.FaultOf(err)})
}

// renew readies the object for the next host, and lets go of the one before by that.
func (r *Remote) renew() {
	_ = r.say(message{Do: wordRenewed, Fault: control.FaultOf(r.object.Renew())})
}

// hostGone returns ErrHostGone in place of what a broken connection fails with.
func hostGone(err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return ErrHostGone
	}
	return err
}

// Done is closed when the door has ended and all that came in through it is committed, or the host is gone.
func (r *Remote) Done() <-chan struct{} { return r.done }

// Err is why the door ended; nil when it did so in order, ErrHostGone when its host did not live to say.
func (r *Remote) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// End asks the host to end the door and returns when it has, or when ctx is done.
func (r *Remote) End(ctx context.Context) error {
	_ = r.say(message{Do: wordEnd})
	select {
	case <-r.done:
		return r.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Remote) say(m message) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	return json.NewEncoder(r.conn).Encode(m)
}

func (r *Remote) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}
