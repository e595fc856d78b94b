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

// Salvage makes a store in dir that does not open, since files of it are damaged, one that does. It mends one thing at a call: the
// file that names the format, the note of the rows, the file that says whose the packs are, or, when none of these is wrong,
// the rows: of all that can still be read it makes new ones. Only then is the result not nil. Files that are replaced stay
// beside, under another name. When packs of another store are taken for those of the rows, that is noted as a loss. Nobody may have the store open. Check tells what is lost, and nothing that no name leads to is
// removed from then on, until a GC with AfterSalvage. The error is of KindInternal, KindCorrupt (there is nothing to mend it
// from) or KindNoSpace, and then dir is as it was, but perhaps for a directory that the next call makes anew.
func Salvage(ctx context.Context, dir string, opts Options) (*Salvaged, error) {
	const op = "pfs.Salvage"
	opts = opts.withDefaults()
	// Without anything to salvage from, an empty store would take the place of the one that was lost.
	if err := checkRows(dir); err != nil {
		return nil, wrap(op, err, dir, "")
	}
	hold := func(dir string) (bool, error) { return false, holdForeign(ctx, dir, opts) }
	for _, mend := range []func(string) (bool, error){mendFormat, mendNote, hold, mendOwner} {
		mended, err := mend(dir)
		if errors.Is(err, errHurtRows) {
			break // salvaging them drops the claim, too
		}
		if mended || err != nil {
			return nil, wrap(op, err, dir, "")
		}
	}
	s, err := salvageRows(ctx, dir, opts)
	return s, wrap(op, err, dir, "")
}

// checkRows fails when there are no files of rows.
func checkRows(dir string) error {
	for _, name := range []string{rowsDir, salvagedDir} {
		if files, err := os.ReadDir(filepath.Join(dir, name)); err == nil && len(files) > 0 {
			return nil
		}
	}
	return errNoRows()
}

// errNoRows says that a store that had rows has none.
func errNoRows() error {
	return fmt.Errorf("%w: the directory %s is empty or missing: look whether its disk is mounted, or put it back from a backup",
		kv.ErrCorrupt, rowsDir)
}

// salvageRows makes new rows of all that can be read. That they are those of which the note tells, and whose packs these are, is not
// claimed any more.
func salvageRows(ctx context.Context, dir string, opts Options) (*Salvaged, error) {
	if err := finishSalvage(dir); err != nil {
		return nil, err
	}
	from, to := filepath.Join(dir, rowsDir), filepath.Join(dir, salvagedDir)
	if err := os.RemoveAll(to); err != nil {
		return nil, err
	}
	rows := badgerkv.Options{Memory: opts.Memory, Logger: opts.Log, Aside: filepath.Join(dir, asideDir)}
	noted := rows
	noted.Note = filepath.Join(dir, noteFile)
	found, err := badgerkv.Salvage(ctx, from, to, noted)
	if err == nil {
		found.Lost = append(found.Lost, foreign(dir)...)
	}
	if err == nil && found.Empty {
		err = fmt.Errorf("%w: no rows can be read in %s, which stays as it is: put it back from a backup", kv.ErrCorrupt, rowsDir)
	}
	if err == nil {
		err = markSalvaged(ctx, to, opts.Now(), found.Lost, rows)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(to)) // else it could take the place of rows that are gone
	}
	kept, err := unusedName(dir, damagedDir)
	if err == nil {
		err = os.Rename(from, kept)
	}
	if err == nil {
		err = finishSalvage(dir)
	}
	if err != nil {
		return nil, err
	}
	return salvagedOf(found, filepath.Base(kept)), nil
}

// unusedName returns a path in dir at which nothing is, whose name is of a form with a number.
func unusedName(dir, form string) (string, error) {
	for i := 1; ; i++ {
		name := filepath.Join(dir, fmt.Sprintf(form, i))
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
	if _, err := os.Lstat(filepath.Join(dir, rowsDir)); err == nil {
		return checkRowsLeft(dir)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Lstat(filepath.Join(dir, salvagedDir)); errors.Is(err, fs.ErrNotExist) {
		return checkNew(dir)
	} else if err != nil {
		return err
	}
	for _, name := range []string{filepath.Join(dir, noteFile), ownerPath(dir)} {
		if _, err := moveBeside(name); err != nil {
			return err
		}
	}
	if err := os.Rename(filepath.Join(dir, salvagedDir), filepath.Join(dir, rowsDir)); err != nil {
		return err
	}
	return syncDir(dir)
}

// checkNew fails when a store that has no rows has had some: it is not a new one, but has lost them.
func checkNew(dir string) error {
	had, err := hadRows(dir)
	if err == nil {
		if _, failed := os.Lstat(filepath.Join(dir, noteFile)); failed == nil {
			had = true
		}
	}
	if had {
		err = errNoRows()
	}
	return err
}

// checkRowsLeft fails when the directory of rows is there and empty, and the store has had some. It is called before a file is made
// in it.
func checkRowsLeft(dir string) error {
	if files, err := os.ReadDir(filepath.Join(dir, rowsDir)); err != nil || len(files) > 0 {
		return err
	}
	return checkNew(dir)
}
