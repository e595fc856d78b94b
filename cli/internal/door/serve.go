package door

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"sync"
	"time"

	"pfsd/cli/internal/control"
)

// endGrace is how long a door may take to end in order.
const endGrace = 30 * time.Second

// ServeConn serves the door of another process, whose id is pid, until that process ends it or goes away, or the door ends
// otherwise. It closes conn.
func (t *Table) ServeConn(conn *net.UnixConn, pid int) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	spec, file, err := receiveSpec(conn)
	if err != nil {
		t.log.Debug("malformed door", "pid", pid, "error", err)
		return
	}
	_ = conn.SetDeadline(time.Time{})
	g := &guest{out: json.NewEncoder(conn), detached: make(chan error, 1), renewed: make(chan error, 1)}
	owner := Owner{PID: pid, Renew: g.renew}
	if spec.Mount != nil {
		owner.Detach = g.detach
	}
	e, err := t.Open(spec, file, owner)
	if err != nil {
		_ = g.say(ended(err))
		return
	}
	if g.say(message{Do: wordReady}) == nil {
		go g.listen(conn, e)
	} else {
		go e.endBy(e.server.Orphan)
	}
	<-e.Done()
	_ = g.say(ended(e.Err()))
}

// ended is the last word about a door that has ended with err.
func ended(err error) message {
	return message{Do: wordEnded, Fault: control.FaultOf(err), Leaving: errors.Is(err, ErrEnding)}
}

// guest is the host's end of a door's connection.
type guest struct {
	// detached gets the outcome of a detach, renewed that of a renewal.
	detached, renewed chan error
	// asking is held by the one who waits for either.
	asking sync.Mutex

	// mu guards out, and is held while a line is written.
	mu  sync.Mutex
	out *json.Encoder
}

func (g *guest) say(m message) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.out.Encode(m)
}

// listen follows the owner's words, until the owner ends the door, or is gone.
func (g *guest) listen(conn net.Conn, e *Entry) {
	for dec := json.NewDecoder(conn); ; {
		var m message
		if err := dec.Decode(&m); err != nil {
			e.endBy(e.server.Orphan)
			return
		}
		switch m.Do {
		case wordEnd:
			e.endBy(e.server.Close)
			return
		case wordDetached:
			answer(g.detached, m)
		case wordRenewed:
			answer(g.renewed, m)
		}
	}
}

// endBy ends the door in one of its server's ways and returns when it has ended, or after endGrace.
func (e *Entry) endBy(end func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.Background(), endGrace)
	defer cancel()
	end(ctx)
	select {
	case <-e.done:
	case <-ctx.Done():
	}
}

// answer passes on the outcome of what the owner was asked for.
func answer(to chan<- error, m message) {
	select {
	case to <- m.Fault.Err():
	default:
	}
}

// detach has the owner unmount and returns its error.
func (g *guest) detach(ctx context.Context) error { return g.ask(ctx, wordDetach, g.detached) }

// renew has the owner ready its object for another host.
func (g *guest) renew(ctx context.Context) error { return g.ask(ctx, wordRenew, g.renewed) }

// ask says what the owner is to do and returns the outcome.
func (g *guest) ask(ctx context.Context, do string, outcome <-chan error) error {
	g.asking.Lock()
	defer g.asking.Unlock()
	select {
	case <-outcome: // The answer to a question that nobody waited for any more.
	default:
	}
	if err := g.say(message{Do: do}); err != nil {
		return err
	}
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
