package hosting

import (
	"context"
	"net/http"
	"sync"
)

// gate is what the operations of guests pass to a handler, until it is shut. It is a http.Handler.
type gate struct {
	handler http.Handler

	// mu guards what follows.
	mu      sync.Mutex
	shut    bool
	running int
	// idle is closed when the gate is shut and no operation runs.
	idle chan struct{}
}

func newGate(handler http.Handler) *gate { return &gate{handler: handler, idle: make(chan struct{})} }

// ServeHTTP runs an operation, or answers, without having read any of it, that it is not begun.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.enter() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer g.leave()
	g.handler.ServeHTTP(w, r)
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.running++
	}
	return !g.shut
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running--; g.running == 0 && g.shut {
		close(g.idle)
	}
}

// close lets no operation begin any more. Idempotent.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut && g.running == 0 {
		close(g.idle)
	}
	g.shut = true
}

// wait returns when the gate is shut and no operation runs, or ctx is done.
func (g *gate) wait(ctx context.Context) {
	select {
	case <-g.idle:
	case <-ctx.Done():
	}
}
