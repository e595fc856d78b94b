package badgerkv

import (
	"errors"
	"fmt"
	"runtime"
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
	// closeGrace is how long, in flushRetry, Close waits for a Badger that cannot write its table, or has given it up.
	closeGrace = 10
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
	// tries is after how many failures on end Badger is to give up a table; 0: never. gaveUp is set once it has.
	tries  int
	gaveUp bool
}

// note takes a message of Badger's. It is called in Badger's goroutine that writes tables, and ends that goroutine when the table is to
// be given up: Badger holds no lock then, and has no other way to be told.
func (f *flushes) note(format string, args []any) {
	if !strings.HasPrefix(format, flushMessage) {
		return
	}
	message := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf(format, args...), flushMessage), ", retrying")
	if f.fail(errors.New("no table can be written" + message)) {
		runtime.Goexit()
	}
}

// fail notes a failure, and reports whether it is to be the last.
func (f *flushes) fail(err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.recentLocked() {
		f.failed = 0
	}
	f.failed++
	f.last, f.err = time.Now(), err
	f.gaveUp = f.tries > 0 && f.failed >= f.tries
	return f.gaveUp
}

// limit has Badger give up a table after so many failures on end. A Badger that closes does so without the table then; its log stays.
func (f *flushes) limit(tries int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tries = tries
}

// left returns why there is a log of which Badger has made no table, nil when there is none for such a reason.
func (f *flushes) left() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.gaveUp {
		return nil
	}
	return f.err
}

// stuck returns why no table can be written, nil when that is not known to be so.
func (f *flushes) stuck() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.gaveUp && (f.failed < flushTries || !f.recentLocked()) {
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

// await returns nil when done is closed. When that may wait for tables that cannot be written, it returns the reason, after grace more
// flushRetry.
func (f *flushes) await(done <-chan struct{}, grace int) error {
	retry := time.NewTicker(flushRetry)
	defer retry.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-retry.C:
			if err := f.stuck(); err != nil {
				if grace--; grace < 0 {
					return err
				}
			}
		}
	}
}

// recentLocked reports whether the last failure is so young that Badger has not succeeded since. Needs mu.
func (f *flushes) recentLocked() bool { return time.Since(f.last) < 3*flushRetry }
