package door

import (
	"context"
	"encoding/json"
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
	g := &guest{out: json.NewEncoder(conn), detached: make(chan error, 1)}
	owner := Owner{PID: pid}
	if spec.Mount != nil {
		owner.Detach = g.detach
	}
	e, err := t.Open(spec, file, owner)
	if err != nil {
		_ = g.say(message{Do: wordEnded, Fault: control.FaultOf(err)})
		return
	}
	if g.say(message{Do: wordReady}) == nil {
		go g.listen(conn, e)
	} else {
		go e.endInOrder()
	}
	<-e.Done()
	_ = g.say(message{Do: wordEnded, Fault: control.FaultOf(e.Err())})
}

// guest is the host's end of a door's connection.
type guest struct {
	// detached gets the outcome of a detach.
	detached chan error
	// asking is held by the one who waits for detached.
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

// listen follows the owner's words. When the owner ends the door, or is gone, so does the door.
func (g *guest) listen(conn net.Conn, e *Entry) {
	for dec := json.NewDecoder(conn); ; {
		var m message
		if err := dec.Decode(&m); err != nil || m.Do == wordEnd {
			e.endInOrder()
			return
		}
		if m.Do == wordDetached {
			select {
			case g.detached <- m.Fault.Err():
			default:
			}
		}
	}
}

// endInOrder ends the door with everything committed, unless that takes too long.
func (e *Entry) endInOrder() {
	ctx, cancel := context.WithTimeout(context.Background(), endGrace)
	defer cancel()
	_ = e.End(ctx)
}

// detach has the owner unmount and returns its error.
func (g *guest) detach(ctx context.Context) error {
	g.asking.Lock()
	defer g.asking.Unlock()
	select {
	case <-g.detached: // The answer to a question that nobody waited for any more.
	default:
	}
	if err := g.say(message{Do: wordDetach}); err != nil {
		return err
	}
	select {
	case err := <-g.detached:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
