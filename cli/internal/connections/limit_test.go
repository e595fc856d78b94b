package connections_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"pfsd/cli/internal/connections"
)

// serve serves handler with a limit, and returns the address.
func serve(t *testing.T, limit *connections.Limit, handler http.HandlerFunc) (addr string, server *http.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server = &http.Server{Handler: handler, ConnState: limit.Follow}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(limit.Listener(l))
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return l.Addr().String(), server
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestSilentConnectionsAreShed: beside many that say nothing, or only a part of a head, a request is answered, and there are never
// more than there may be; those that have gone are told so.
func TestSilentConnectionsAreShed(t *testing.T) {
	const max, silent = 8, 200
	limit := connections.New(max)
	addr, _ := serve(t, limit, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	first := dial(t, addr)
	for i := range silent {
		c := dial(t, addr)
		if i%2 == 0 {
			_, _ = io.WriteString(c, "GET / HT")
		}
		if n := limit.Count(); n > max {
			t.Fatalf("%d connections", n)
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 20 {
		res, err := client.Get("http://" + addr)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(res.Body); err != nil || string(text) != "hello" {
			t.Errorf("%q, %v", text, err)
		}
		res.Body.Close()
	}
	if _, err := first.Read(make([]byte, 1)); err == nil {
		t.Error("the oldest connection is still there")
	}
}

// TestRunningRequestsStay: a connection with a request is never closed for another, which waits until one ends; idle ones go.
func TestRunningRequestsStay(t *testing.T) {
	const max = 3
	limit := connections.New(max)
	release := make(chan struct{})
	begun := make(chan struct{}, max)
	addr, _ := serve(t, limit, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			begun <- struct{}{}
			<-release
		}
		_, _ = io.WriteString(w, "done")
	})
	var readers []*bufio.Reader
	for range max {
		c := dial(t, addr)
		fmt.Fprint(c, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
		readers = append(readers, bufio.NewReader(c))
		<-begun
	}
	late := dial(t, addr)
	fmt.Fprint(late, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if n := limit.Count(); n != max {
		t.Errorf("%d connections", n)
	}
	close(release)
	readers = append(readers, bufio.NewReader(late)) // The others are idle by then, and one is closed.
	for i, r := range readers {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(i, err)
		}
		if text, err := io.ReadAll(res.Body); err != nil || string(text) != "done" {
			t.Errorf("%q, %v", text, err)
		}
	}
}

// TestShutdown: a server whose connections are all in use, with another waiting, can be closed.
func TestShutdown(t *testing.T) {
	limit := connections.New(1)
	begun, release := make(chan struct{}), make(chan struct{})
	addr, server := serve(t, limit, func(http.ResponseWriter, *http.Request) { close(begun); <-release })
	fmt.Fprint(dial(t, addr), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-begun
	late := dial(t, addr)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan error)
	go func() { ended <- server.Shutdown(ctx) }()
	late.Close()
	close(release)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
