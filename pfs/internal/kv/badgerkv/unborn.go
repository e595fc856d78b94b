package badgerkv

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// removeUnborn removes Badger's logs and tables that have no bytes. Badger makes such a file and then, with another call, gives
// it its size: a process that was killed in between leaves one that Badger refuses to open afterwards, though nothing was
// ever written to it. A table that is listed is never empty: if damage has made it so, it stays.
func removeUnborn(dir string, listed map[uint64]badger.TableManifest) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.Contains([]string{walSuffix, ".vlog", ".sst"}, filepath.Ext(e.Name())) {
			continue
		}
		if id, ok := table.ParseFileID(e.Name()); ok {
			if _, ok := listed[id]; ok {
				continue
			}
		}
		name := filepath.Join(dir, e.Name())
		if !isUnborn(name) {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// isUnborn reports whether a file has no bytes.
func isUnborn(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Size() == 0
}
