package pfs

import (
	"errors"
	"fmt"

	"pfsd/pfs/internal/held"
	"pfsd/pfs/internal/pack"
)

// home is the directories of an open store, held open: what is at their names later on is never written to.
type home struct {
	// dir is the data directory; packs is nil before the packs were opened. The rows hold their own.
	dir   *held.Dir
	packs *pack.Dir
}

// openHome opens the data directory. The caller closes the home after all that is in it.
func openHome(dir string) (*home, error) {
	d, err := held.Open(dir)
	if err != nil {
		return nil, err
	}
	return &home{dir: d}, nil
}

// still fails when the name of the data directory leads elsewhere by now: nothing may be written then.
func (h *home) still() error {
	if err := h.dir.Check(); err != nil {
		return fmt.Errorf("the data %w", err)
	}
	return nil
}

// named returns an error with the name of the data directory.
func (h *home) named(err error) error { return held.Named(err, h.dir.Show) }

func (h *home) close() error {
	err := h.dir.Close()
	if h.packs != nil {
		err = errors.Join(err, h.packs.Close())
	}
	return err
}
