// Package connections bounds how many connections servers of net/http have at a time, so that whoever opens many, and says nothing
// on them, takes no descriptor that the store needs, nor keeps others out.
package connections

import (
	"container/list"
	"errors"
	"net"
	"net/http"
	"sync"
)

// Limit is a bound for the connections of some listeners together. One that comes when there are as many as there may be is let in
// when another has ended. For that one is closed that has sent no request yet, or none to its end, the oldest first; when few of the
// connections are such, the one that has been idle longest after a request. When there is a request on each, the new one waits.
// All methods may be called concurrently.
type Limit struct {
	max int

	// mu guards what follows. No connection is closed under it.
	mu sync.Mutex
	// changed is signalled whenever a connection ends or is waited for, and when a listener is closed.
	changed *sync.Cond
	// fresh has the connections on which there was no request yet, idle those that wait for another one, longest first; known has all,
	// with their places there.
	fresh, idle list.List
	known       map[net.Conn]place
}

// place is where a connection is in one of the lists; both are nil for one that is in none.
type place struct {
	in *list.List
	at *list.Element
}

// New returns a Limit of max connections, at least one.
func New(max int) *Limit {
	l := &Limit{max: max, known: map[net.Conn]place{}}
	l.changed = sync.NewCond(&l.mu)
	return l
}

// Count returns how many connections there are.
func (l *Limit) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.known)
}

// Listener returns inner with the bound. What is told of its connections must come to Follow, as an http.Server does whose ConnState
// it is. A nil Limit bounds nothing.
func (l *Limit) Listener(inner net.Listener) net.Listener {
	if l == nil {
		return inner
	}
	return &listener{Listener: inner, limit: l}
}

// Follow notes what has become of a connection that a Listener has let in.
func (l *Limit) Follow(conn net.Conn, state http.ConnState) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	was, known := l.known[conn]
	if !known || state == http.StateNew {
		return
	}
	if was.in != nil {
		was.in.Remove(was.at)
	}
	switch state {
	case http.StateIdle:
		l.known[conn] = place{&l.idle, l.idle.PushBack(conn)}
		l.changed.Broadcast()
	case http.StateClosed, http.StateHijacked:
		delete(l.known, conn)
		l.changed.Broadcast()
	default:
		l.known[conn] = place{}
	}
}

// admit returns when there is room for conn. It reports whether there is; there is none when gone
// says so.
func (l *Limit) admit(conn net.Conn, gone *bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.known) >= l.max && !*gone {
		if from := l.spareLocked(); from != nil {
			l.shedLocked(from)
		} else {
			l.changed.Wait()
		}
	}
	if *gone {
		return false
	}
	l.known[conn] = place{&l.fresh, l.fresh.PushBack(conn)}
	return true
}

// spareLocked returns the list whose first connection is to be closed for another one; nil when none is. A quarter of all is left to
// those that have just come: their requests may be on the way.
func (l *Limit) spareLocked() *list.List {
	switch {
	case l.fresh.Len() > l.max/4, l.idle.Len() == 0 && l.fresh.Len() > 0:
		return &l.fresh
	case l.idle.Len() > 0:
		return &l.idle
	}
	return nil
}

// shedLocked closes a connection of a list, and waits until something has changed: its server tells of its end.
func (l *Limit) shedLocked(from *list.List) {
	conn := from.Remove(silent(from)).(net.Conn)
	l.known[conn] = place{}
	l.mu.Unlock()
	_ = conn.Close()
	l.mu.Lock()
	if _, there := l.known[conn]; there {
		l.changed.Wait()
	}
}

// listener lets connections in as a Limit has it.
type listener struct {
	net.Listener
	limit *Limit
	// gone is set by Close; the limit's mu guards it.
	gone bool
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if !l.limit.admit(conn, &l.gone) {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	return conn, nil
}

// Close implements net.Listener. An Accept that waits for room ends.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.limit.mu.Lock()
	defer l.limit.mu.Unlock()
	l.gone = true
	l.limit.changed.Broadcast()
	return err
}
