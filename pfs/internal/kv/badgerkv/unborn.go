package badgerkv

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// removeUnborn removes Badger's logs and tables that have no bytes. Badger makes such a file and then, with another call, gives
// it its size: a process that was killed in between leaves one that Badger refuses to open afterwards, though nothing was
// ever written to it. A table of which Badger knows is never empty; if damage has made one so, Badger says that it is missing.
func removeUnborn(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.Contains([]string{walSuffix, ".vlog", ".sst"}, filepath.Ext(e.Name())) {
			continue
		}
		info, err := e.Info()
		if err == nil && info.Size() == 0 {
			err = os.Remove(filepath.Join(dir, e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
