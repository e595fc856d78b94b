package hosting

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"pfsd/cli/internal/control"
)

// A greeting is the first line of a connection each way: "pfsd VERSION WORD". A guest's word is what the connection is
// for, a host's is its answer.
type word string

const (
	// wordJoin: a guest with no more than operations; any host will do.
	wordJoin word = "join"
	// wordStay: a guest with doors, which needs a host that stays.
	wordStay word = "stay"
	wordCall word = "call"
	wordDoor word = "door"

	// wordOK: go on.
	wordOK word = "ok"
	// wordStarting: the host is still opening the store; ask again.
	wordStarting word = "starting"
	// wordBusy: the host does not stay; ask again when it is gone.
	wordBusy word = "busy"
	// wordEnding: the host is about to go; ask again.
	wordEnding word = "ending"
	// wordFull: as many use the store as can at a time; ask again.
	wordFull word = "full"
	// wordDenied: this user may not use the store.
	wordDenied word = "denied"
)

// maxGreeting bounds a greeting's line.
const maxGreeting = 64

// errGarbage says that what came was no greeting.
var errGarbage = errors.New("not the greeting of a pfsd")

// writeGreeting sends a word.
func writeGreeting(w io.Writer, what word) error {
	_, err := fmt.Fprintf(w, "pfsd %d %s\n", control.Version, what)
	return err
}

// readGreeting reads a word and nothing after its line. What is not a greeting is errGarbage.
func readGreeting(r io.Reader) (version int, what word, err error) {
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := io.ReadFull(r, b); err != nil {
			return 0, "", err
		}
		if b[0] == '\n' {
			break
		}
		if line = append(line, b[0]); len(line) > maxGreeting {
			return 0, "", errGarbage
		}
	}
	if n, err := fmt.Sscanf(string(line), "pfsd %d %s", &version, &what); n != 2 || err != nil {
		return 0, "", errGarbage
	}
	return version, what, nil
}

// answerTimeout is how long a host may take to answer a greeting, and a guest to send one.
const answerTimeout = 10 * time.Second

// VersionError says that host and guest speak different versions of the protocol.
type VersionError struct {
	// PID is the host, Theirs its version.
	PID, Theirs int
}

// Error says what to do about it.
func (e *VersionError) Error() string {
	return fmt.Sprintf("the pfsd that holds the store (pid %d) speaks version %d of the control protocol and this one %d: "+
		"stop it, or use the same program", e.PID, e.Theirs, control.Version)
}

// greet sends what as the guest and returns the host's answer.
func greet(conn *net.UnixConn, what word) (word, error) {
	if err := conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return "", err
	}
	if err := writeGreeting(conn, what); err != nil {
		return "", err
	}
	version, answer, err := readGreeting(conn)
	if err != nil {
		return "", err
	}
	if version != control.Version {
		e := &VersionError{Theirs: version}
		if cred, err := peer(conn); err == nil {
			e.PID = int(cred.Pid)
		}
		return "", e
	}
	return answer, conn.SetDeadline(time.Time{})
}
