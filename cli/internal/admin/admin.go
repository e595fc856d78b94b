// Package admin is the listener for whoever runs pfsd: profiles of the running process, and figures about it and its store.
// It speaks HTTP on a loopback address and nowhere else, since profiles tell what is in memory.
package admin

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"pfsd/cli/internal/connections"
	"pfsd/s3/webpage"
)

// Server is an admin listener that is served.
type Server struct {
	http     http.Server
	listener net.Listener
	done     chan struct{}
}

// Serve listens on addr, HOST:PORT, which must be a loopback address, and answers on as many connections as limit allows until
// Close:
//
//   - /debug/pprof/ as package net/http/pprof has it,
//   - /metrics with what metrics returns, which may be called concurrently, and with figures of the process, in the text
//     format of Prometheus (version 0.0.4).
func Serve(ctx context.Context, addr string, limit *connections.Limit, metrics func(context.Context) ([]Metric, error), log *slog.Logger) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		listener.Close()
		return nil, fmt.Errorf("%s can be reached by others: the admin listener is for loopback addresses", addr)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.Handle("GET /metrics", metricsHandler(metrics))
	s := &Server{listener: listener, done: make(chan struct{}), http: http.Server{
		Handler: onlyLocal(mux), ReadHeaderTimeout: 30 * time.Second, ConnState: limit.Follow,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(limit.Listener(listener))
	}()
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends the server, with the requests that are running. A nil server has none.
func (s *Server) Close() {
	if s == nil {
		return
	}
	_ = s.http.Close()
	<-s.done
}

// onlyLocal refuses requests under other names than those of loopback, as a web page could have its own name point here, and
// requests that pages of other origins send.
func onlyLocal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "only for loopback names", http.StatusForbidden)
			return
		}
		if _, foreign := webpage.Origin(r); foreign {
			http.Error(w, "not for web pages of other origins", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
