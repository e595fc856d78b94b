package pfs

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
	"pfsd/pfs/internal/schema"
)

// ownerFile is the file beside the packs that says whose they are, and ownerText what it holds, with the store's id.
const (
	ownerFile = "STORE"
	ownerText = "pfsd packs of the store %s\n"
)

func ownerPath(dir string) string { return filepath.Join(dir, packsDir, ownerFile) }

// readOwner returns the id of the store whose packs are in dir; zero when nothing says so.
func readOwner(dir string) (id badgerkv.ID, err error) {
	text, err := os.ReadFile(ownerPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return id, nil
	}
	if err != nil {
		return id, err
	}
	var digits string
	if _, err := fmt.Sscanf(string(text), ownerText, &digits); err == nil {
		if b, err := hex.DecodeString(digits); err == nil && len(b) == len(id) && string(text) == fmt.Sprintf(ownerText, digits) {
			return badgerkv.ID(b), nil
		}
	}
	return id, fmt.Errorf("%w: the file %s/%s does not say of which store the packs are", kv.ErrCorrupt, packsDir, ownerFile)
}

// owner is readOwner before the rows are opened. It fails when the note of the rows names another store.
func owner(dir string) (badgerkv.ID, error) {
	id, err := readOwner(dir)
	if err != nil || id == (badgerkv.ID{}) {
		return id, err
	}
	noted, ok, err := badgerkv.ReadNote(filepath.Join(dir, noteFile))
	if err == nil && ok && noted != id {
		err = otherOwner(id, noted)
	}
	return id, err
}

// foreign returns as a loss that the packs in dir are those of another store than the note of the rows names.
func foreign(dir string) []badgerkv.Loss {
	packs, err := readOwner(dir)
	rows, noted, failed := badgerkv.ReadNote(filepath.Join(dir, noteFile))
	if err != nil || failed != nil || !noted || packs == (badgerkv.ID{}) || packs == rows {
		return nil
	}
	return []badgerkv.Loss{{File: packsDir + "/" + ownerFile, Why: fmt.Sprintf(
		"the packs are those of the store %s, and the rows are those of the store %s", packs, rows)}}
}

// errHurtRows is for rows that do not open, so that nothing can be noted in them.
var errHurtRows = errors.New("the rows are damaged, too")

// holdForeign has nothing removed from now on when the packs in dir are those of another store than the rows. It is called before these
// are taken for the packs' owner. The error is errHurtRows when the rows do not open.
func holdForeign(ctx context.Context, dir string, opts Options) error {
	if err := finishSalvage(dir); err != nil {
		return err
	}
	lost := foreign(dir)
	if lost == nil {
		return nil
	}
	rows := badgerkv.Options{Memory: opts.Memory, Logger: opts.Log, Aside: filepath.Join(dir, asideDir), HasRows: true}
	err := markSalvaged(ctx, filepath.Join(dir, rowsDir), opts.Now(), lost, rows)
	if errors.Is(err, kv.ErrCorrupt) {
		err = fmt.Errorf("%w: %w", errHurtRows, err)
	}
	return err
}

func otherOwner(packs, rows badgerkv.ID) error {
	return fmt.Errorf("%w: the file %s/%s says that the packs are those of the store %s, and the rows are those of the store %s",
		kv.ErrCorrupt, packsDir, ownerFile, packs, rows)
}

// checkOwner fails when the packs in dir are those of another store, or are gone altogether.
func checkOwner(ctx context.Context, dir string, rows *badgerkv.Store) error {
	owner, err := readOwner(dir)
	if err != nil {
		return err
	}
	if owner != (badgerkv.ID{}) {
		if owner != rows.ID() {
			return otherOwner(owner, rows.ID())
		}
		return nil
	}
	if left, err := os.ReadDir(filepath.Join(dir, packsDir)); len(left) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// A store whose packs had no owner until now had made none, or all that it had made were garbage.
	if made, err := madePacks(ctx, rows); err != nil || !made || !rows.Noted() {
		return err
	}
	return fmt.Errorf("%w: the directory %s is empty or missing: look whether its disk is mounted", kv.ErrCorrupt, packsDir)
}

// madePacks reports whether rows tell of a pack.
func madePacks(ctx context.Context, rows kv.Store) (made bool, err error) {
	err = rows.View(ctx, func(r kv.Reader) error {
		value, err := r.Get(schema.PacksKey())
		if errors.Is(err, kv.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		rec, err := schema.DecodePacks(value)
		made = rec.Last > 0 || err != nil
		return nil
	})
	return made, err
}

// own says that the packs in dir are those of the store id.
func own(dir string, id badgerkv.ID) error {
	if _, err := os.Lstat(ownerPath(dir)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return writeSynced(filepath.Join(dir, packsDir), ownerPath(dir), fmt.Sprintf(ownerText, id))
}
