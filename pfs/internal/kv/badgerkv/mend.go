package badgerkv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pfsd/pfs/internal/kv"
)

// rehearsalName is the file by which the store tries whether Badger could make a log; Badger ignores it.
const rehearsalName = "REHEARSAL"

// unable makes an error of Badger's, which does not tell its cause, kv.ErrNoSpace or kv.ErrExhausted.
func (s *Store) unable(err error) error {
	kind := kv.ErrExhausted
	if cause := rehearse(s.wal.dir); errors.Is(cause, syscall.EDQUOT) || errors.Is(cause, syscall.ENOSPC) {
		kind = kv.ErrNoSpace
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// rehearse makes a file as large as a log of Badger's, maps it, and removes it again. Its error is the one that Badger would meet.
func rehearse(dir string) error {
	name := filepath.Join(dir, rehearsalName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	const size = 2 * memtableSize
	if err = f.Truncate(size); err == nil {
		var mapped []byte
		if mapped, err = unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED); err == nil {
			err = unix.Munmap(mapped)
		}
	}
	return errors.Join(err, f.Close(), os.Remove(name))
}

// breakOff notes that the Badger e is of no use any more, though all that was acknowledged is on disk. Operations fail with err
// until another one is open. It is opened when those have ended that are under way.
func (s *Store) breakOff(e *engine, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.broken != nil || s.engine != e {
		return
	}
	s.broken = err
	s.mended = make(chan struct{})
	go s.mend(s.mended)
}

// mend ends the broken Badger, and opens another as soon as that can be done, or until the store is closed.
func (s *Store) mend(mended chan struct{}) {
	defer close(mended)
	s.awaitIdle()
	s.closeBroken()
	retry := time.NewTicker(flushRetry)
	defer retry.Stop()
	for s.reopen() {
		select {
		case <-retry.C:
		case <-s.closing:
		}
	}
}

// closeBroken ends Badger. What one leaves undone that does not end in order is done when the next one opens.
func (s *Store) closeBroken() {
	_ = s.engine.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.engine = nil
}

// awaitIdle returns when no operation is under way.
func (s *Store) awaitIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.running > 0 {
		s.idle.Wait()
	}
}

// reopen opens Badger and lets operations begin again, unless the store is closed. It reports whether it is to be tried again.
func (s *Store) reopen() (again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	e, c, err := openAt(s.opening, s.clock.seen())
	if err == nil {
		if err = s.wal.sync(); err != nil {
			err = errors.Join(err, e.close())
		}
	}
	switch {
	case err == nil:
		s.engine, s.clock, s.broken = e, c, nil
		return false
	case errors.Is(err, kv.ErrCorrupt):
		s.broken = fmt.Errorf("badgerkv: open: %w", err)
		return false
	default:
		s.broken = s.unable(fmt.Errorf("badgerkv: open: %w", err))
		return true
	}
}
