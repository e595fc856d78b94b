package endpoint_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pfsd/cli/internal/door"
	"pfsd/cli/internal/endpoint"
	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

func TestListen(t *testing.T) {
	keys := door.S3{AccessKey: "key", SecretKey: "secret"}
	for _, c := range []struct {
		name, addr string
		spec       door.S3
		refused    bool
	}{
		{"loopback without keys", "127.0.0.1:0", door.S3{}, false},
		{"loopback by name", "localhost:0", door.S3{}, false},
		{"every address without keys", "0.0.0.0:0", door.S3{}, true},
		{"no host without keys", ":0", door.S3{}, true},
		{"every address with keys", "0.0.0.0:0", keys, false},
		{"no address", "nonsense", keys, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			object, err := endpoint.Listen(t.Context(), c.addr, c.spec)
			if (err != nil) != c.refused {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if _, port, err := net.SplitHostPort(object.Spec.S3.Addr); err != nil || port == "0" {
				t.Errorf("shown as %s", object.Spec.S3.Addr)
			}
			if err := object.Release(); err != nil {
				t.Error(err)
			}
		})
	}
}

// serve serves object as its host would.
func serve(t *testing.T, store *pfs.Store, object *door.Object, now func() time.Time) door.Server {
	t.Helper()
	cfg := endpoint.Config{Now: now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	var server door.Server
	err := object.Give(func(own *os.File) error {
		fd, err := unix.Dup(int(own.Fd()))
		if err == nil {
			server, err = endpoint.Serve(store, *object.Spec.S3, os.NewFile(uintptr(fd), "listener"), cfg)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// TestServe serves a listener whose descriptor has been passed on, and closes it.
func TestServe(t *testing.T) {
	object, err := endpoint.Listen(t.Context(), "127.0.0.1:0", door.S3{})
	if err != nil {
		t.Fatal(err)
	}
	addr := object.Spec.S3.Addr
	server := serve(t, pfstest.NewStore(t), object, time.Now)
	res, err := http.Get("http://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(text), "ListAllMyBucketsResult") {
		t.Errorf("%s: %s, %v", res.Status, text, err)
	}
	server.Close(context.Background())
	<-server.Done()
	if server.Err() != nil {
		t.Error(server.Err())
	}
	// Serve has closed the file that it was given; the listener itself is still the owner's.
	_ = object.Release()
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Error("somebody still listens")
	}
}
