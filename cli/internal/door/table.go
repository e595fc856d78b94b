package door

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

// Server serves one kernel object. Its owner closes it once, after which, or when the kernel object has gone, Done closes.
type Server interface {
	// Done is closed when nothing is served any more and all that came in is committed.
	Done() <-chan struct{}
	// Err, after Done, is what went wrong, if anything.
	Err() error
	// Close ends the service, in order as far as ctx allows.
	Close(ctx context.Context)
	// Leave ends the service as Close does, but leaves the kernel object as it is, for another server.
	Leave(ctx context.Context)
	// Orphan ends the service as Close does, when the owner of the kernel object has died. Where programs would go on beside
	// an object that is taken away, as they would below a mount point, it stays and fails whoever uses it.
	Orphan(ctx context.Context)
	// Requests counts what has been asked of it, by operation; nil when it does not count.
	Requests() map[string]uint64
}

// Opener starts to serve a kernel object. The file is the opener's; it closes it, also when it fails.
type Opener func(spec Spec, file *os.File) (Server, error)

// Owner is the process that owns a door.
type Owner struct {
	PID int
	// Detach unmounts, in the owner; nil for a door that is no mount.
	Detach func(ctx context.Context) error
	// Renew has the owner ready its object for another host; nil for a door of this process, which ends with it.
	Renew func(ctx context.Context) error
}

// Table holds the doors that a host serves. It may be used concurrently.
type Table struct {
	open Opener
	log  *slog.Logger

	// mu guards what follows; nothing is waited for while it is held.
	mu      sync.Mutex
	entries map[*Entry]struct{}
	closed  bool
	// opening are the calls of Open that are under way; none begins once the table is closed.
	opening sync.WaitGroup
}

// ErrEnding is the error of a door that cannot be opened, or has been ended, because the host ends.
var ErrEnding = errors.New("the process that holds the store is ending")

// NewTable returns an empty table of doors that open serves.
func NewTable(open Opener, log *slog.Logger) *Table {
	return &Table{open: open, log: log, entries: map[*Entry]struct{}{}}
}

// Entry is a door that is served here. It is a Running.
type Entry struct {
	info   control.Door
	owner  Owner
	server Server
	done   chan struct{}

	// mu guards err.
	mu  sync.Mutex
	err error
}

var _ Running = (*Entry)(nil)

// Open serves a door. The file becomes the table's, also when Open fails, as it does with ErrEnding after Close.
func (t *Table) Open(spec Spec, file *os.File, owner Owner) (*Entry, error) {
	if (spec.S3 == nil) == (spec.Mount == nil) {
		file.Close()
		return nil, errors.New("a door must be an S3 endpoint or a mount")
	}
	if !t.begin() {
		file.Close()
		return nil, ErrEnding
	}
	defer t.opening.Done()
	server, err := t.open(spec, file)
	if err != nil {
		return nil, err
	}
	e := &Entry{info: spec.info(owner.PID), owner: owner, server: server, done: make(chan struct{})}
	t.mu.Lock()
	ending := t.closed
	t.entries[e] = struct{}{}
	t.mu.Unlock()
	go t.await(e)
	if ending {
		e.fail(ErrEnding)
		if owner.Renew != nil {
			server.Leave(context.Background())
		} else {
			server.Close(context.Background())
		}
		<-e.done
		return nil, ErrEnding
	}
	t.log.Info("door open", "door", e.info.Kind, "at", e.info.Addr+e.info.Dir, "pid", owner.PID)
	return e, nil
}

// begin reports whether a door may be opened. The caller says when it is done with that.
func (t *Table) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.opening.Add(1)
	}
	return !t.closed
}

// await takes a door out of the table when its server has ended.
func (t *Table) await(e *Entry) {
	<-e.server.Done()
	e.fail(e.server.Err())
	t.mu.Lock()
	delete(t.entries, e)
	t.mu.Unlock()
	t.log.Info("door closed", "door", e.info.Kind, "at", e.info.Addr+e.info.Dir, "error", e.server.Err())
	close(e.done)
}

// Doors returns the open doors, ordered by where they are.
func (t *Table) Doors() []control.Door {
	var doors []control.Door
	for _, e := range t.all() {
		info := e.info
		info.Requests = e.server.Requests()
		doors = append(doors, info)
	}
	slices.SortFunc(doors, func(a, b control.Door) int { return strings.Compare(a.Addr+a.Dir, b.Addr+b.Dir) })
	return doors
}

// Unmount has the owner of the mount on dir unmount it and returns when all that was written there is committed.
// KindFileNotFound when there is no such mount, KindClosed when the host ended meanwhile. The owner's error, as that the mount is in use, comes back unchanged.
func (t *Table) Unmount(ctx context.Context, dir string) error {
	for _, e := range t.all() {
		if e.info.Dir != dir || e.owner.Detach == nil {
			continue
		}
		err := e.unmount(ctx)
		if errors.Is(err, ErrEnding) {
			err = &pfs.Error{Op: "door.Unmount", Kind: pfs.KindClosed, Err: err}
		}
		return err
	}
	return &pfs.Error{Op: "door.Unmount", Kind: pfs.KindFileNotFound, Err: errors.New(dir + " is not a mount of this store")}
}

// unmount has the owner unmount e and waits for its end, which may come before the owner's answer.
func (e *Entry) unmount(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	refused := make(chan error, 1)
	go func() {
		if err := e.owner.Detach(ctx); err != nil {
			refused <- err
		}
	}()
	select {
	case <-e.done:
		return e.Err()
	case err := <-refused:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends all doors, at once, and returns when they have ended; further ones cannot be opened. Owners in other processes
// are told that they can open theirs at the next host.
func (t *Table) Close(ctx context.Context) {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	var ending sync.WaitGroup
	for _, e := range t.all() {
		ending.Go(func() {
			e.fail(ErrEnding)
			if e.owner.Renew != nil {
				e.leave(ctx)
			} else {
				_ = e.End(ctx)
			}
		})
	}
	ending.Wait()
	t.awaitOpening(ctx)
}

// awaitOpening returns when nobody opens a door any more, or ctx is done.
func (t *Table) awaitOpening(ctx context.Context) {
	opened := make(chan struct{})
	go func() {
		t.opening.Wait()
		close(opened)
	}()
	select {
	case <-opened:
	case <-ctx.Done():
	}
}

// renewal is how long the owner of a door may take to ready its object for another host.
const renewal = 2 * time.Second

// leave ends the door for another host to serve it: what comes from now on is for that one.
func (e *Entry) leave(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, renewal)
	defer cancel()
	_ = e.owner.Renew(asking) // An owner that cannot does so when this host is gone, or has gone itself.
	e.server.Leave(ctx)
	select {
	case <-e.done:
	case <-ctx.Done():
	}
}

func (t *Table) all() []*Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	entries := make([]*Entry, 0, len(t.entries))
	for e := range t.entries {
		entries = append(entries, e)
	}
	return entries
}

// Done is closed when the door has ended and all that came in through it is committed.
func (e *Entry) Done() <-chan struct{} { return e.done }

// Err is why the door ended; nil when it did so in order.
func (e *Entry) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// End ends the door and returns when it has, or when ctx is done.
func (e *Entry) End(ctx context.Context) error {
	e.server.Close(ctx)
	select {
	case <-e.done:
		return e.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fail sets why the door ends, unless that is known already.
func (e *Entry) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}
