package badgerkv

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// checkUnlocked fails while a Badger has dir open, one that was not closed in order for example: it may make files and remove
// others still. Badger locks the directory itself when it opens, but only after the look at its files.
func checkUnlocked(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("the lock of %s is held, so that it is in use: %w", dir, err), f.Close())
	}
	return f.Close()
}
