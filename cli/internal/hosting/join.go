package hosting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"time"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/datadir"
	"pfsd/cli/internal/door"
	"pfsd/pfs"
)

// Config says how a process takes part. All fields but Wait are required.
type Config struct {
	Dir *datadir.Dir
	// Connections is how many connections a host has at a time on its socket. A third of them is for guests without doors, a third for
	// guests with doors, and for these, and a third for what they call. A guest for which there is no room waits.
	Connections int
	// Doors is set by a process that has doors, and stays. Only such a one hosts the doors of others.
	Doors bool
	// Open opens the store; only a host calls it.
	Open func(ctx context.Context) (*pfs.Store, error)
	// Serve returns what serves the doors of the store that was opened.
	Serve func(store *pfs.Store) door.Opener
	// Version is the program's, to be shown.
	Version string
	Now     func() time.Time
	Log     *slog.Logger
	// Wait is told, once, when Join waits for another process to end, with its id.
	Wait func(pid int)
}

// Member is a process's part in the store: as its host or as a guest of it.
type Member interface {
	// Client calls the operations of the store. What the host has surely not begun when it goes fails with door.ErrHostGone,
	// what it may have begun with ErrUnanswered.
	Client() *control.Client
	// calls is the way to the operations below Client.
	calls() http.RoundTripper
	// OpenDoor opens a door and returns when it is served. The object stays the caller's, to be released after the door has
	// ended. The error is door.ErrHostGone when the host has gone meanwhile.
	OpenDoor(ctx context.Context, object *door.Object) (door.Running, error)
	// Lost is closed when the host has gone; it never is in the host itself. A process that is to live on then closes this
	// member, joins again, as the host or as a guest of a new one, renews its objects and opens its doors anew.
	Lost() <-chan struct{}
	// Close ends the part: a host ends all doors, waits for what runs, as far as ctx allows, and closes the store.
	Close(ctx context.Context) error
}

// patience is how long a process tries to reach a host that gives no sign of life.
const patience = 10 * time.Second

// errUnreachable is a host that may not be up yet, or has just gone.
var errUnreachable = errors.New("the host of the store cannot be reached")

// Join makes the process the host of the store, or a guest where there is a host. It tries both in turn, for up to ten
// seconds, and beyond that as long as a host says that it is starting, ending or, to a process with doors, not to stay.
func Join(ctx context.Context, cfg Config) (Member, error) {
	deadline := cfg.Now().Add(patience)
	for told := false; ; {
		m, err := joinOnce(ctx, cfg)
		var wait *waitError
		switch {
		case err == nil:
			return m, nil
		case errors.As(err, &wait):
			deadline = cfg.Now().Add(patience)
			if wait.answer == wordBusy && !told && cfg.Wait != nil {
				told = true
				cfg.Wait(wait.pid)
			}
		case !errors.Is(err, errUnreachable):
			return nil, err
		case cfg.Now().After(deadline):
			return nil, unreachable(cfg.Dir, err)
		}
		pause := time.Duration(20+rand.IntN(80)) * time.Millisecond
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// waitError is a host that wants to be asked again.
type waitError struct {
	answer word
	pid    int
}

func (e *waitError) Error() string { return "the host of the store answered: " + string(e.answer) }

// joinOnce tries to become the host, then to become a guest.
func joinOnce(ctx context.Context, cfg Config) (Member, error) {
	if cfg.Dir.Ours() {
		l, err := tryLock(cfg.Dir.Lock())
		if err != nil {
			return nil, err
		}
		if l != nil {
			h, err := newHost(ctx, cfg, l)
			if err != nil {
				return nil, err
			}
			return h, nil
		}
	}
	g, err := newGuest(cfg)
	if err != nil {
		return nil, err
	}
	return g, nil
}

// unreachable says what is known of a host that gives no sign of life.
func unreachable(dir *datadir.Dir, err error) error {
	if !dir.Ours() {
		return fmt.Errorf("no pfsd serves %s, and only its owner (uid %d) can start one; you are uid %d",
			dir.Path(), dir.Owner(), os.Geteuid())
	}
	if pid := holder(dir.Lock()); pid > 0 {
		return fmt.Errorf("the store in %s is held by process %d, which does not answer: %w", dir.Path(), pid, err)
	}
	return fmt.Errorf("the store in %s is held by a process that does not answer: %w", dir.Path(), err)
}
