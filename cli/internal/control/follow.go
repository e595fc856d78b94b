package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"slices"
	"time"

	"pfsd/pfs"
)

// followStore is what following a history needs of the core.
type followStore interface {
	Watch(ref pfs.Ref) (*pfs.Watcher, error)
	Branch(ctx context.Context, ref pfs.Ref) (pfs.Branch, error)
	Commit(ctx context.Context, ref pfs.Ref) (pfs.Commit, error)
	Log(ctx context.Context, ref pfs.Ref, path string) iter.Seq2[pfs.LogEntry, error]
}

var _ followStore = (*pfs.Store)(nil)

// settleAfter is when a change that was seen is looked for in a commit: changes of a mount get into one after a second.
const settleAfter = 1100 * time.Millisecond

// live makes a handler of a function from a request to a list that grows: each item is sent at once.
func live[Req, Item any](f func(context.Context, Req) iter.Seq2[Item, error]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req Req
		if err := readRequest(w, r, &req); err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		enc, started := json.NewEncoder(w), false
		for item, err := range f(r.Context(), req) {
			switch {
			case err != nil && !started:
				fail(w, err)
				return
			case err != nil:
				_ = enc.Encode(line[Item]{Fault: FaultOf(err)})
				return
			}
			started = true
			if enc.Encode(line[Item]{Item: &item}) != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
		}
		_ = enc.Encode(line[Item]{End: true})
	}
}

// follow yields the last r.Limit commits, oldest first, and then the new ones until ctx is done or the branch is deleted.
func (h *Handler) follow(ctx context.Context, r FileRequest) iter.Seq2[LogLine, error] {
	return func(yield func(LogLine, error) bool) {
		if err := h.followBranch(ctx, r, yield); err != nil {
			failed[LogLine](err)(yield)
		}
	}
}

// errEnough says that the reader of a sequence wants no more.
var errEnough = errors.New("enough")

func (h *Handler) followBranch(ctx context.Context, r FileRequest, yield func(LogLine, error) bool) error {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return err
	}
	if err := cut(ctx, h.history, ref); err != nil {
		return err
	}
	watcher, err := h.versions.watch.Watch(ref)
	if err != nil {
		return err
	}
	defer watcher.Close()
	f := follower{h: h, ref: ref, request: r, yield: yield}
	if err = f.first(ctx); err == nil {
		err = f.rest(ctx, watcher)
	}
	if errors.Is(err, errEnough) || err == io.EOF {
		return nil
	}
	return err
}

// follower is how far a history has been followed.
type follower struct {
	h       *Handler
	ref     pfs.Ref
	request FileRequest
	yield   func(LogLine, error) bool
	// gen is that of the last commit that has been looked at.
	gen uint64
}

// first yields the commits that are there.
func (f *follower) first(ctx context.Context) error {
	head, err := f.h.versions.watch.Commit(ctx, f.ref)
	if err != nil {
		return err
	}
	var lines []LogLine
	for line, err := range f.h.log(ctx, f.request) {
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	f.gen = head.Gen
	return f.send(lines)
}

// rest yields commits as they are made.
func (f *follower) rest(ctx context.Context, watcher *pfs.Watcher) error {
	for {
		pending, err := f.pending(ctx)
		if err != nil {
			return err
		}
		event, err := next(ctx, watcher, pending)
		if err != nil {
			return err
		}
		if event != nil {
			event.Done()
		}
		if err := f.catchUp(ctx); err != nil {
			return err
		}
	}
}

func (f *follower) pending(ctx context.Context) (bool, error) {
	b, err := f.h.versions.watch.Branch(ctx, f.ref)
	return b.Pending, err
}

// next returns the next event; nil when, of changes that are pending, a commit should have been made by now.
func next(ctx context.Context, watcher *pfs.Watcher, pending bool) (*pfs.Event, error) {
	if !pending {
		return watcher.Next(ctx)
	}
	soon, cancel := context.WithTimeout(ctx, settleAfter)
	defer cancel()
	event, err := watcher.Next(soon)
	if err != nil && ctx.Err() == nil && soon.Err() != nil {
		return nil, nil
	}
	return event, err
}

// catchUp yields the commits that have been made since the last time.
func (f *follower) catchUp(ctx context.Context) error {
	head, err := f.h.versions.watch.Commit(ctx, f.ref)
	if err != nil || head.Gen <= f.gen {
		return err
	}
	var lines []LogLine
	for e, err := range f.h.versions.watch.Log(ctx, f.ref, f.request.Path) {
		if err != nil {
			return err
		}
		if e.Commit.Gen <= f.gen {
			break
		}
		if f.request.wants(e.Commit) {
			lines = append(lines, logLine(e, f.request.Path))
		}
	}
	f.gen = head.Gen
	return f.send(lines)
}

// send yields lines, the last first.
func (f *follower) send(lines []LogLine) error {
	for _, line := range slices.Backward(lines) {
		if !f.yield(line, nil) {
			return errEnough
		}
	}
	return nil
}
