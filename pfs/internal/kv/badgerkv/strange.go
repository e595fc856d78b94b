package badgerkv

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// discardName and discardSize are the name and the size of the file in which Badger counts what is garbage in the value log.
// Nothing is, so that it is all zeros.
const (
	discardName = "DISCARD"
	discardSize = 1 << 20
)

// moveStrange moves aside the files of Badger's value log that have anything in them: this package never wrote it, and Badger
// would cut it off, or fail.
func moveStrange(dir string, a *aside) error {
	logs, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
	if err != nil {
		return err
	}
	for _, name := range logs {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		// The first 8 bytes are the number of a key of encryption, of which there is none, the next 12 are random.
		if len(b) == 0 || len(b) >= logHeader && isZero(b[:8]) && isZero(b[logHeader:]) {
			continue
		}
		if err := a.move(name, ofDamage); err != nil {
			return err
		}
	}
	name := filepath.Join(dir, discardName)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(b) == discardSize && isZero(b) {
		return nil
	}
	if err == nil {
		err = a.move(name, ofDamage)
	}
	return err
}
