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
	"time"

	"pfsd/cli/internal/door"
	"pfsd/pfs"
	"pfsd/s3"
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

// Release closes the listener.
func (l kernelListener) Release() error { return l.tcp.Close() }

// Config is what serving needs of the world. All fields are required.
type Config struct {
	Now  func() time.Time
	Rand io.Reader
	Log  *slog.Logger
}

// server is an endpoint that is served. It is a door.Server.
type server struct {
	http http.Server
	done chan struct{}
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
	s := &server{
		done: make(chan struct{}),
		http: http.Server{
			Handler:           s3.New(store, handlerConfig(spec, cfg)),
			ReadHeaderTimeout: 30 * time.Second,
			IdleTimeout:       2 * time.Minute,
			ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
		},
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
		}
	}()
	return s, nil
}

// stall is how long a client may keep a running request waiting for its next bytes.
const stall = 2 * time.Minute

func handlerConfig(spec door.S3, cfg Config) s3.Config {
	c := s3.Config{
		AccessKey: spec.AccessKey, SecretKey: spec.SecretKey, Domain: spec.Domain,
		Now: cfg.Now, Stall: stall, Rand: cfg.Rand, Log: cfg.Log, Owner: pfs.Owner{UID: spec.UID, GID: spec.GID},
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

// drain is how long running requests may go on when the endpoint is closed.
const drain = 5 * time.Second

// Close takes no more requests, lets running ones go on for a short while and then breaks them off.
func (s *server) Close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
}

// Requests returns nil: each request is in the log.
func (s *server) Requests() map[string]uint64 { return nil }
