package badgerkv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// checkManifest reads the list of tables in dir, as Badger does when it opens, but says which file it is that it cannot read, be
// it the list or a table. All rows with some prefixes must be readable.
// Badger deletes the tables that are not listed, as a crash leaves some. It does so, too, when the list has lost its end, or
// is gone: then they are all that there is of what was written last, so that the list is damaged.
func checkManifest(o badger.Options, prefixes [][]byte) error {
	onDisk, err := filepath.Glob(filepath.Join(o.Dir, "*.sst"))
	if err != nil {
		return err
	}
	listed, err := readManifest(o)
	if errors.Is(err, fs.ErrNotExist) {
		if len(onDisk) > 0 {
			err = fmt.Errorf("%w: file %s is missing, and there are tables", errDamaged, badger.ManifestFilename)
		} else {
			err = nil // as before the first start
		}
	}
	if err == nil {
		err = checkTables(o.Dir, listed, prefixes)
	}
	if err != nil || len(onDisk) == len(listed) {
		return err
	}
	// What a table of which Badger was not told yet was made from is there still, in other tables or in a log.
	logs, err := filepath.Glob(filepath.Join(o.Dir, "*"+walSuffix))
	if err != nil || len(logs) > 0 {
		return err
	}
	return checkUnlisted(onDisk, listed)
}

// readManifest returns the tables that are listed.
func readManifest(o badger.Options) (map[uint64]badger.TableManifest, error) {
	f, err := os.Open(filepath.Join(o.Dir, badger.ManifestFilename))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := badger.ReplayManifestFile(f, o.ExternalMagicVersion, o)
	if err != nil {
		return nil, fmt.Errorf("%w: file %s: %w", errDamaged, badger.ManifestFilename, err)
	}
	return m.Tables, nil
}

// checkUnlisted fails when a table that is not listed has something later than all that are.
func checkUnlisted(onDisk []string, listed map[uint64]badger.TableManifest) error {
	var latest, unlisted uint64
	for _, name := range onDisk {
		id, ok := table.ParseFileID(filepath.Base(name))
		if !ok {
			continue
		}
		_, isListed := listed[id]
		t, err := openTable(name)
		switch {
		case err != nil && isListed:
			return fmt.Errorf("table %s: %w", filepath.Base(name), err)
		case err != nil: // One that was not finished.
			continue
		case isListed:
			latest = max(latest, t.MaxVersion())
		default:
			unlisted = max(unlisted, t.MaxVersion())
		}
		if err := t.Close(-1); err != nil {
			return err
		}
	}
	if unlisted > latest {
		return fmt.Errorf("%w: file %s: its end is missing, where the newest tables were listed", errDamaged, badger.ManifestFilename)
	}
	return nil
}
