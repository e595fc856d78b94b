package badgerkv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"pfsd/pfs/internal/held"
)

// walSuffix ends the names of Badger's write-ahead logs, before which they have a number of five digits or more.
const walSuffix = ".mem"

// walDir sees to it that the names of write-ahead logs are on disk. Badger syncs what it writes to a log, but not the
// directory in which it has made it.
type walDir struct {
	// held is the directory. It stays open, so that a log that was written needs no descriptor for its name to be synced. dir is
	// the path by which it is reached.
	held *held.Dir
	dir  string

	// mu guards newest, the number of the newest log whose name is known to be on disk. It is held during a sync of the
	// directory, for which the others have to wait anyway.
	mu     sync.Mutex
	newest int
}

// openWal returns the walDir of a directory, which the caller must close.
func openWal(dir string) (*walDir, error) {
	d, err := held.Open(dir)
	if err != nil {
		return nil, err
	}
	return &walDir{held: d, dir: d.Path()}, nil
}

func (w *walDir) close() error { return w.held.Close() }

// sync returns when the names of all logs that exist by now are on disk. It costs two calls of stat when there is no new one.
func (w *walDir) sync() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	// Logs are numbered without gaps and deleted in order. So either there is the next one, or none is new, unless so many are
	// that the next one is gone already, and with it the newest known.
	if w.exists(w.newest) && !w.exists(w.newest+1) {
		return nil
	}
	newest, err := w.list()
	if err != nil {
		return err
	}
	if err := w.held.File().Sync(); err != nil {
		return err
	}
	w.newest = newest
	return nil
}

func (w *walDir) exists(number int) bool {
	_, err := os.Lstat(filepath.Join(w.dir, fmt.Sprintf("%05d%s", number, walSuffix)))
	return !errors.Is(err, fs.ErrNotExist)
}

// list returns the largest number of a log.
func (w *walDir) list() (int, error) {
	if _, err := w.held.File().Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	names, err := w.held.File().Readdirnames(-1)
	if err != nil {
		return 0, err
	}
	newest := 0
	for _, name := range names {
		digits, ok := strings.CutSuffix(name, walSuffix)
		if n, err := strconv.Atoi(digits); ok && err == nil {
			newest = max(newest, n)
		}
	}
	return newest, nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
