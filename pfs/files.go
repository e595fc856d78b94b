package pfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"pfsd/pfs/internal/kv/badgerkv"
	"pfsd/pfs/internal/pack"
)

// openRows opens the rows of the store in a directory, which must stay open longer.
func openRows(ctx context.Context, home *home, opts Options) (*badgerkv.Store, error) {
	dir := home.dir.Path()
	id, err := owner(dir)
	if err != nil {
		return nil, err
	}
	if id == (badgerkv.ID{}) {
		if _, err := io.ReadFull(opts.Rand, id[:]); err != nil {
			return nil, err
		}
	}
	hasRows, err := hadRows(dir)
	if err != nil {
		return nil, err
	}
	return badgerkv.Open(ctx, filepath.Join(home.dir.Name(), rowsDir), badgerkv.Options{
		Memory: opts.Memory, Logger: opts.Log, Readable: opts.readable(),
		Still: home.still, Show: home.dir.Show,
		Note: filepath.Join(dir, noteFile), Aside: filepath.Join(dir, asideDir), ID: id, HasRows: hasRows,
	})
}

// hadRows reports whether files in dir say that the store has had rows.
func hadRows(dir string) (bool, error) {
	if _, err := os.Lstat(filepath.Join(dir, asideDir)); err == nil {
		return true, nil
	}
	packs, err := os.ReadDir(filepath.Join(dir, packsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return len(packs) > 0, err
}

// openPacks opens the packs of the store in a directory, whose rows are open, and makes their directory if it is missing. The directory
// above is synced, so that no power cut takes it away, nor what was made beside it before.
func openPacks(ctx context.Context, home *home, rows *badgerkv.Store, opts Options) (*pack.Store, error) {
	dir := home.dir.Path()
	if err := checkOwner(ctx, dir, rows); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, packsDir), 0o700); err != nil {
		return nil, err
	}
	if err := own(dir, rows.ID()); err != nil {
		return nil, err
	}
	if err := syncDir(dir); err != nil {
		return nil, err
	}
	packs, err := pack.OpenDir(filepath.Join(home.dir.Name(), packsDir))
	if err != nil {
		return nil, err
	}
	home.packs = packs
	return pack.Open(packs, pack.Options{Handles: opts.OpenPacks, Idle: opts.AppendingPacks})
}
