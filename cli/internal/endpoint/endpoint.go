// Package endpoint makes S3 endpoints: the listener, in the process that owns one, and what serves it, in the host.
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"pfsd/cli/internal/connections"
	"pfsd/cli/internal/door"
	"pfsd/pfs"
	"pfsd/s3"
	"pfsd/s3/sendfile"
)

// Listen makes the listener of an endpoint at addr, HOST:PORT. Without keys it refuses addresses that others can reach.
func Listen(ctx context.Context, addr string, spec door.S3) (*door.Object, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	tcp := listener.(*net.TCPListener)
	if spec.AccessKey == "" && !tcp.Addr().(*net.TCPAddr).IP.IsLoopback() {
		tcp.Close()
		return nil, fmt.Errorf("%s can be reached by others: set PFSD_ACCESS_KEY and PFSD_SECRET_KEY to listen there", addr)
	}
	file, err := tcp.File()
	if err != nil {
		tcp.Close()
		return nil, err
	}
	spec.Addr = tcp.Addr().String()
	return door.NewObject(door.Spec{S3: &spec}, file, kernelListener{tcp}), nil
}

// kernelListener is a listener in the hands of its owner. It is a door.Kernel.
type kernelListener struct {
	tcp *net.TCPListener
}

// Detach does nothing: an endpoint ends when its server does.
func (l kernelListener) Detach(context.Context) (bool, error) { return false, nil }

// Abandon does nothing, see Detach.
func (l kernelListener) Abandon() error { return nil }

// Renew returns the same listener: connections wait in it for the next host.
func (l kernelListener) Renew(old *os.File) (*os.File, error) { return old, nil }

// Release closes the listener.
func (l kernelListener) Release() error { return l.tcp.Close() }

// Config is what serving needs of the world. All fields are required, but Memory, NameOf and Limit.
type Config struct {
	// Memory is how many bytes requests may hold together for bodies and long answers; 0 stands for a default.
	Memory int64
	// NameOf returns the name of a user of this machine; nil when nobody knows. It may be called concurrently.
	NameOf func(uid uint32) string
	Now    func() time.Time
	Rand   io.Reader
	Log    *slog.Logger
	// Limit bounds the connections of all endpoints that have the same; nil for no bound.
	Limit *connections.Limit
}

// server is an endpoint that is served. It is a door.Server.
type server struct {
	http http.Server
	done chan struct{}
	// stop ends what goes on beside the requests.
	stop context.CancelFunc
	// fresh has the connections that have not sent anything yet, by net.Conn.
	fresh sync.Map
	limit *connections.Limit
	// err is set before done is closed.
	err error
}

var _ door.Server = (*server)(nil)

// Serve serves store at the listener in file, which becomes its own.
func Serve(store *pfs.Store, spec door.S3, file *os.File, cfg Config) (door.Server, error) {
	listener, err := net.FileListener(file)
	file.Close()
	if err != nil {
		return nil, err
	}
	secure, err := secured(sendfile.Listener(listener), &spec)
	if err != nil {
		listener.Close()
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	s := &server{
		done: make(chan struct{}), stop: stop, limit: cfg.Limit,
		http: http.Server{
			Handler:           bodies(s3.New(store, handlerConfig(spec, cfg))),
			MaxHeaderBytes:    maxHead - headSlack,
			ConnContext:       callers{cfg.NameOf}.withConn,
			ReadHeaderTimeout: 30 * time.Second,
			IdleTimeout:       2 * time.Minute,
			Protocols:         onlyHTTP1(),
			ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
		},
	}
	s.http.ConnState = s.follow
	var sweeping sync.WaitGroup
	if spec.UploadExpiry > 0 {
		sweeping.Go(func() { expireUploads(running, store, spec.UploadExpiry, cfg) })
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(cfg.Limit.Listener(headListener{secure})); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
		}
		stop()
		sweeping.Wait()
	}()
	return s, nil
}

// stall is how long a client may keep a running request waiting for its next bytes.
const stall = 2 * time.Minute

func handlerConfig(spec door.S3, cfg Config) s3.Config {
	c := s3.Config{
		AccessKey: spec.AccessKey, SecretKey: spec.SecretKey, Domain: spec.Domain, DiskEncrypted: spec.DiskEncrypted,
		Now: cfg.Now, Memory: cfg.Memory, Stall: stall, Rand: cfg.Rand, Log: cfg.Log, Owner: pfs.Owner{UID: spec.UID, GID: spec.GID},
		Caller: caller,
	}
	if spec.DashETags {
		c.ETag = s3.ETagDash
	}
	if spec.ObjectTimes {
		c.LastModified = s3.LastModifiedObject
	}
	return c
}

// Done is closed when the endpoint is no more.
func (s *server) Done() <-chan struct{} { return s.done }

// Err, after Done, is what the listener failed with, if it did.
func (s *server) Err() error { return s.err }

// follow keeps note of connections that have not sent anything, and tells those that are done with a request.
func (s *server) follow(conn net.Conn, state http.ConnState) {
	if c, ok := conn.(heading); ok && state == http.StateIdle {
		c.beginHead()
	}
	s.limit.Follow(conn, state)
	if state == http.StateNew {
		s.fresh.Store(conn, nil)
	} else {
		s.fresh.Delete(conn)
	}
}

// drain is how long running requests may go on when the endpoint is closed, and freshGrace how long a connection that has not
// sent anything may take to do so.
const (
	drain      = 5 * time.Second
	freshGrace = 100 * time.Millisecond
)

// Close takes no more requests, lets running ones go on for a short while and then breaks them off.
func (s *server) Close(ctx context.Context) {
	defer s.stop()
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	// Clients open connections ahead of need. Shutdown would give each of them five seconds for a first request.
	time.AfterFunc(freshGrace, func() {
		s.fresh.Range(func(conn, _ any) bool {
			_ = conn.(net.Conn).Close()
			return true
		})
	})
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
}

// Leave is Close: the listener is the owner's, and new connections wait in it.
func (s *server) Leave(ctx context.Context) { s.Close(ctx) }

// Orphan is Close: a listener that nobody holds refuses connections.
func (s *server) Orphan(ctx context.Context) { s.Close(ctx) }

// Requests returns nil: each request is in the log.
func (s *server) Requests() map[string]uint64 { return nil }
