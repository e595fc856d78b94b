package badgerkv

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// readManifest returns the tables that are listed.
func readManifest(o badger.Options) (map[uint64]badger.TableManifest, error) {
	f, err := os.Open(filepath.Join(o.Dir, badger.ManifestFilename))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := badger.ReplayManifestFile(f, o.ExternalMagicVersion, o)
	if err != nil {
		if usedUp(err) != 0 {
			return nil, err
		}
		return nil, badList(err)
	}
	return m.Tables, nil
}

// badList is the error of a list of tables that is not what Badger wrote, and why.
func badList(err error) error {
	return fmt.Errorf("%w: file %s: %w", errDamaged, badger.ManifestFilename, err)
}

// keepList keeps a copy of the list of tables aside when it ends within an entry, which Badger would cut off.
func keepList(o badger.Options, a *aside) error {
	name := filepath.Join(o.Dir, badger.ManifestFilename)
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, end, err := badger.ReplayManifestFile(f, o.ExternalMagicVersion, o); err != nil || end == info.Size() {
		return err
	}
	return a.copy(name, ofCrash)
}
