package sendfile

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// newFile makes a file of n bytes of noise.
func newFile(t *testing.T, n int) (*os.File, []byte) {
	t.Helper()
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	if _, err := file.Write(data); err != nil {
		t.Fatal(err)
	}
	return file, data
}

// connect returns both ends of a connection that a Listener has accepted.
func connect(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err == nil {
		server, err = Listener(l).Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

// TestSend sends pieces of one file to several connections at once, each more than the kernel takes at a time.
func TestSend(t *testing.T) {
	const size, piece = 12 << 20, 8 << 20
	file, data := newFile(t, size)
	var sending sync.WaitGroup
	defer sending.Wait()
	for off := range int64(4) {
		server, client := connect(t)
		sending.Go(func() {
			defer server.Close()
			if n, err := server.(io.ReaderFrom).ReadFrom(NewSection(file, off*1e6+off, piece)); n != piece || err != nil {
				t.Errorf("%d bytes are sent, %v", n, err)
			}
		})
		sending.Go(func() {
			got, err := io.ReadAll(client)
			if err != nil || !bytes.Equal(got, data[off*1e6+off:][:piece]) {
				t.Errorf("%d bytes are received, %v; not those at %d", len(got), err, off*1e6+off)
			}
		})
	}
}

// TestServe has net/http send a piece, which a client gets behind the header, whole and on a connection that goes on.
func TestServe(t *testing.T) {
	const size = 1 << 20
	file, data := newFile(t, size)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		off, _ := strconv.ParseInt(r.URL.Query().Get("off"), 10, 64)
		w.Header().Set("Content-Length", strconv.FormatInt(size-off, 10))
		if r.URL.Query().Has("flush") {
			_ = http.NewResponseController(w).Flush()
		}
		if n, err := io.Copy(w, NewSection(file, off, size-off)); n != size-off || err != nil {
			t.Errorf("%d bytes are sent, %v", n, err)
		}
	}))
	s.Listener = Listener(s.Listener)
	s.Start()
	defer s.Close()
	for _, query := range []string{"off=0", "off=0&flush", "off=77777", "off=77777&flush", "off=1048570", "off=1048576&flush"} {
		off, _ := strconv.Atoi(strings.TrimPrefix(strings.TrimSuffix(query, "&flush"), "off="))
		response, err := s.Client().Get(s.URL + "?" + query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !bytes.Equal(got, data[off:]) {
			t.Errorf("%s: %d bytes, %v", query, len(got), err)
		}
	}
}

// TestStalled has a peer that takes nothing, until the deadline.
func TestStalled(t *testing.T) {
	file, _ := newFile(t, 32<<20)
	server, _ := connect(t)
	if err := server.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, err := server.(io.ReaderFrom).ReadFrom(NewSection(file, 0, 32<<20))
	if n == 32<<20 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes are sent, %v", n, err)
	}
}

// TestShortFile sends more than there is, in both ways.
func TestShortFile(t *testing.T) {
	file, data := newFile(t, 1000)
	server, client := connect(t)
	n, err := server.(io.ReaderFrom).ReadFrom(NewSection(file, 900, 200))
	if n != 100 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes are sent, %v", n, err)
	}
	server.Close()
	if got, err := io.ReadAll(client); err != nil || !bytes.Equal(got, data[900:]) {
		t.Errorf("%d bytes are received, %v", len(got), err)
	}
	got, err := io.ReadAll(NewSection(file, 900, 200))
	if !bytes.Equal(got, data[900:]) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes are read, %v", len(got), err)
	}
}

// TestOtherReaders has a connection read from what is no Section.
func TestOtherReaders(t *testing.T) {
	server, client := connect(t)
	if n, err := server.(io.ReaderFrom).ReadFrom(strings.NewReader("text")); n != 4 || err != nil {
		t.Errorf("%d bytes are sent, %v", n, err)
	}
	server.Close()
	if got, err := io.ReadAll(client); err != nil || string(got) != "text" {
		t.Errorf("%q is received, %v", got, err)
	}
}
