package pfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
	"pfsd/pfs/internal/pack"
)

// Salvaged is what Salvage has done.
type Salvaged struct {
	// Rows is how many versions of rows were read, and LostRows how many were not, in files that tell how many they have; of
	// Uncounted files with losses that is not known.
	Rows      int64 `json:"rows"`
	LostRows  int64 `json:"lost_rows"`
	Uncounted int64 `json:"uncounted,omitempty"`
	// Lost says in a line for each piece of a file that cannot be read which it is, and which rows it may have had.
	Lost []string `json:"lost,omitempty"`
	// Damage says in a line each what was damaged without a loss.
	Damage []string `json:"damage,omitempty"`
	// Kept is the directory in which the damaged files are now, for whoever can make more of them.
	Kept string `json:"kept"`
}

func salvagedOf(found badgerkv.Salvaged, kept string) *Salvaged {
	s := &Salvaged{Rows: found.Rows, LostRows: found.LostRows, Uncounted: found.Uncounted, Damage: found.Damage, Kept: kept}
	for _, l := range found.Lost {
		s.Lost = append(s.Lost, lossText(lostRows(l)))
	}
	return s
}

// Salvage makes a store in dir that does not open, since files of its key-value store are damaged, one that does: of all rows
// that can still be read. The damaged files stay beside it, under another name. Nobody may have the store open. Check tells what is
// lost, and nothing that no name leads to is removed from then on, until a GC with AfterSalvage. When it was the file that names the format that was missing, that is made again and nothing else done:
// the result is nil, and only the next Open tells whether files are damaged. The error is of KindInternal or KindNoSpace, and then
// dir is as it was, but perhaps for a directory that the next call makes anew.
func Salvage(ctx context.Context, dir string, opts Options) (*Salvaged, error) {
	const op = "pfs.Salvage"
	opts = opts.withDefaults()
	from, to := filepath.Join(dir, rowsDir), filepath.Join(dir, salvagedDir)
	// Without anything to salvage from, an empty store would take the place of the one that was lost.
	if _, err := os.Lstat(from); err != nil {
		return nil, wrap(op, err, dir, "")
	}
	name := filepath.Join(dir, formatFile)
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, wrap(op, writeSynced(dir, name, formatText(allNeeds)), dir, "")
	}
	if err := os.RemoveAll(to); err != nil {
		return nil, wrap(op, err, dir, "")
	}
	rows := badgerkv.Options{Memory: opts.Memory, Logger: opts.Log}
	found, err := badgerkv.Salvage(ctx, from, to, rows)
	if err == nil {
		err = markSalvaged(ctx, to, opts.Now(), found.Lost, rows)
	}
	if err != nil {
		return nil, wrap(op, err, dir, "")
	}
	kept, err := unusedName(dir)
	if err == nil {
		err = os.Rename(from, kept)
	}
	if err == nil {
		err = finishSalvage(dir)
	}
	if err != nil {
		return nil, wrap(op, err, dir, "")
	}
	return salvagedOf(found, filepath.Base(kept)), nil
}

// unusedName returns the path at which the damaged files are kept.
func unusedName(dir string) (string, error) {
	for i := 1; ; i++ {
		name := filepath.Join(dir, fmt.Sprintf(damagedDir, i))
		if _, err := os.Lstat(name); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			return name, err
		}
	}
}

// finishSalvage puts salvaged rows in the place of those that are not there any more, as after a crash in between.
func finishSalvage(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, rowsDir)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := os.Rename(filepath.Join(dir, salvagedDir), filepath.Join(dir, rowsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return checkNew(dir)
	}
	if err != nil {
		return err
	}
	return pack.Dir(dir).Sync()
}

// checkNew fails when a store that has no rows has packs: it is not a new one, but has lost them.
func checkNew(dir string) error {
	packs, err := os.ReadDir(filepath.Join(dir, packsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(packs) > 0 {
		err = fmt.Errorf("%w: the directory %s is missing", kv.ErrCorrupt, rowsDir)
	}
	return err
}
