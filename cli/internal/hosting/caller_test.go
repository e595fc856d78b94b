package hosting

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/door"
)

// answered is how a host agrees to an operation, and what it answers then.
const (
	accepted = "HTTP/1.1 100 Continue\r\n\r\n"
	answered = accepted + "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"name\":\"made\"}"
)

// breaking is the host's end of one connection: it reads as much of the request as it is told to, answers and closes.
func breaking(t *testing.T, conn net.Conn, reads int, answer string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	if reads >= 0 {
		_, _ = io.ReadFull(in, make([]byte, reads))
		return
	}
	req, err := http.ReadRequest(in)
	if err != nil {
		t.Error(err)
		return
	}
	rest, agrees := strings.CutPrefix(answer, accepted)
	if !agrees {
		_, _ = io.WriteString(conn, answer)
		return
	}
	_, _ = io.WriteString(conn, accepted)
	if rest != "" {
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = io.WriteString(conn, rest)
	}
}

// connected returns the two ends of a connection.
func connected(t *testing.T) (own, theirs net.Conn) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]net.Conn
	for i, fd := range pair {
		file := os.NewFile(uintptr(fd), "end")
		if ends[i], err = net.FileConn(file); err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
	return ends[0], ends[1]
}

// callBreaking makes a repo at a host that breaks off, and returns how that ends.
func callBreaking(t *testing.T, reads int, answer string) error {
	t.Helper()
	own, theirs := connected(t)
	var host sync.WaitGroup
	host.Go(func() { breaking(t, theirs, reads, answer) })
	defer host.Wait()
	body := &counting{Reader: strings.NewReader("{}")}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://pfsd/repo/create", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Expect", "100-continue")
	res, err := newCaller(func() (net.Conn, error) { return own, nil }).RoundTrip(req)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if errors.Is(err, door.ErrHostGone) && (body.read || body.closed) {
		t.Error("the body of an operation that was not begun is read or closed")
	}
	return err
}

// counting is a body that knows whether it was used.
type counting struct {
	io.Reader
	read, closed bool
}

func (c *counting) Read(b []byte) (int, error) {
	c.read = true
	return c.Reader.Read(b)
}

func (c *counting) Close() error {
	c.closed = true
	return nil
}

// TestBrokenOff has the host's end of a connection close at every byte of what a host reads and answers. An operation that was
// not agreed to is known not to have begun; one that was, and is not answered whole, may have been.
func TestBrokenOff(t *testing.T) {
	for reads := range 100 {
		if err := callBreaking(t, reads, ""); !errors.Is(err, door.ErrHostGone) {
			t.Errorf("closed after %d bytes of the request: %v", reads, err)
		}
	}
	for n := range len(answered) + 1 {
		want := ErrUnanswered
		switch {
		case n < len(accepted):
			want = door.ErrHostGone
		case n == len(answered):
			want = nil
		}
		if err := callBreaking(t, -1, answered[:n]); !errors.Is(err, want) {
			t.Errorf("closed after %q: %v, want %v", answered[:n], err, want)
		}
	}
	if err := callBreaking(t, -1, "HTTP/1.1 503 Service Unavailable\r\n\r\n"); !errors.Is(err, door.ErrHostGone) {
		t.Errorf("refused: %v", err)
	}
}

// TestBrokenOffInClient sees that the client of the operations passes the two errors on as they are.
func TestBrokenOffInClient(t *testing.T) {
	for answer, want := range map[string]error{accepted: ErrUnanswered, "": door.ErrHostGone, answered[:len(answered)-3]: ErrUnanswered} {
		own, theirs := connected(t)
		var host sync.WaitGroup
		host.Go(func() { breaking(t, theirs, -1, answer) })
		client := control.NewClient(newCaller(func() (net.Conn, error) { return own, nil }))
		if _, err := client.CreateRepo(t.Context(), control.RepoRequest{Name: "made"}); !errors.Is(err, want) {
			t.Errorf("closed after %q: %v, want %v", answer, err, want)
		}
		host.Wait()
	}
}
