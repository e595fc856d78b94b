package hosting

import (
	"net"
	"net/http"
)

// admit says what becomes of a connection. One that has joined, or is a door, is counted before it is told so: the host does not end
// in between, nor are there more than there may be.
func (h *host) admit(conn *net.UnixConn, what word) word {
	h.mu.Lock()
	defer h.mu.Unlock()
	answer := h.answerLocked(what)
	switch {
	case answer != wordOK:
	case what == wordJoin, what == wordStay:
		h.conns[conn] = what
	case what == wordDoor:
		h.served++
	}
	return answer
}

// expel takes back what admit has counted, of a connection that comes to nothing.
func (h *host) expel(what, answer word) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if answer == wordOK && what == wordDoor {
		h.served--
	}
}

// answerLocked says what the answer to a word is. Guests who have joined may call until they leave. Needs mu.
func (h *host) answerLocked(what word) word {
	switch {
	case h.state == wordStarting:
		return wordStarting
	case !h.cfg.Doors && (what == wordDoor || what == wordStay):
		return wordBusy
	case h.fullLocked(what):
		return wordFull
	case what == wordCall, h.state == wordOK && (what == wordJoin || what == wordStay || what == wordDoor):
		return wordOK
	default:
		return wordEnding
	}
}

// fullLocked reports whether as many connections have the purpose what as may. Calls wait to be let in, and are not refused, nor
// are the doors of who has joined.
func (h *host) fullLocked(what word) bool {
	joined, doors := 0, h.served
	for _, as := range h.conns {
		switch as {
		case wordJoin:
			joined++
		case wordStay:
			doors++
		}
	}
	switch what {
	case wordJoin:
		return joined >= h.cfg.Connections/3
	case wordStay:
		return doors >= h.cfg.Connections/3
	}
	return false
}

// drop closes a connection that has no further purpose.
func (h *host) drop(conn *net.UnixConn) {
	_ = conn.Close()
	h.limit.Follow(conn, http.StateClosed)
}

// follow notes the end of a call. A connection that was greeted as one is not closed for others before.
func (h *host) follow(conn net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		h.limit.Follow(conn, state)
	}
}
