package badgerkv

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// flushMessage is how Badger's message begins when it could not make a table of a log, before it waits for flushRetry and
	// tries again, for ever.
	flushMessage = "error flushing memtable to disk"
	flushRetry   = time.Second
	// flushTries is after how many failures on end who waits for a table is told.
	flushTries = 3
)

// flushes watches Badger make tables of its logs. When it cannot, because of the disk, it goes on trying, and whoever needs
// room in memory waits for that, as does Close. Only its messages tell.
//
// The zero flushes is ready. All methods may be called concurrently.
type flushes struct {
	// mu guards all below.
	mu     sync.Mutex
	failed int // on end
	last   time.Time
	err    error
}

// note takes a message of Badger's.
func (f *flushes) note(format string, args []any) {
	if !strings.HasPrefix(format, flushMessage) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.recentLocked() {
		f.failed = 0
	}
	f.failed++
	f.last = time.Now()
	f.err = errors.New("no table can be written" + strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf(format, args...), flushMessage), ", retrying"))
}

// stuck returns why no table can be written, nil when that is not known to be so.
func (f *flushes) stuck() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed < flushTries || !f.recentLocked() {
		return nil
	}
	return f.err
}

// failing returns why the last try to write a table has failed, nil when none has, or one has succeeded since.
func (f *flushes) failing() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.recentLocked() {
		return nil
	}
	return f.err
}

// await returns when done is closed, or, with the reason, when that may wait for tables that cannot be written.
func (f *flushes) await(done <-chan struct{}) error {
	retry := time.NewTicker(flushRetry)
	defer retry.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-retry.C:
			if err := f.stuck(); err != nil {
				return err
			}
		}
	}
}

// recentLocked reports whether the last failure is so young that Badger has not succeeded since. Needs mu.
func (f *flushes) recentLocked() bool { return time.Since(f.last) < 3*flushRetry }
