package pfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The names in the directory of a store: the file that says which format it has, the rows, the packs, rows that are being
// salvaged, the files that they were salvaged from, with a number, the note that there are rows, and files of the rows' that
// were moved aside.
const (
	formatFile  = "FORMAT"
	rowsDir     = "kv"
	packsDir    = "packs"
	salvagedDir = "kv.salvaged"
	damagedDir  = "kv.damaged-%d"
	noteFile    = "kv.note"
	asideDir    = "kv.aside"
)

// unfinishedPrefix is what the name of a file begins with that is being written, before it gets its own. Digits follow.
const unfinishedPrefix = formatFile + "."

// IsUnfinished reports whether the file of this name was not finished when the making of a store was interrupted: it means
// nothing.
func IsUnfinished(name string) bool {
	digits, ok := strings.CutPrefix(name, unfinishedPrefix)
	return ok && strings.Trim(digits, "0123456789") == ""
}

// IsStoreFile reports whether a store has files or directories of this name in its directory.
func IsStoreFile(name string) bool {
	switch name {
	case formatFile, rowsDir, packsDir:
		return true
	}
	return strings.HasPrefix(name, rowsDir+".") || strings.HasPrefix(name, unfinishedPrefix) && !IsUnfinished(name)
}

// Create makes a store without repos in dir, which is there and holds nothing of a store. It is durable, and can be opened, when
// Create returns. Where another process has made it at the same time that is no error; where dir holds files of a store
// but not the one that names the format, the error is of KindCorrupt, and nothing is made.
func Create(dir string) error {
	const op = "pfs.Create"
	name := filepath.Join(dir, formatFile)
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return wrap(op, err, dir, "")
	}
	if err := checkEmpty(op, dir); err != nil {
		return err
	}
	return wrap(op, writeSynced(dir, name, formatText(allNeeds)), dir, "")
}

// checkEmpty fails when dir, in which no format is named, holds something of a store all the same.
func checkEmpty(op, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return wrap(op, err, dir, "")
	}
	for _, e := range entries {
		if IsStoreFile(e.Name()) {
			return &Error{Op: op, Kind: KindCorrupt, Ref: dir, Err: fmt.Errorf(
				"the file %s is missing, and %s is there", formatFile, e.Name())}
		}
	}
	return nil
}

// checkFormat returns the format of the store in dir, and an error when that is none that this program knows. Unless existing
// is set, it makes a store where nothing of one is, and dir too.
func checkFormat(dir string, existing bool) (*storeFormat, error) {
	const op = "pfs.Open"
	text, err := os.ReadFile(filepath.Join(dir, formatFile))
	switch {
	case err == nil:
		has, err := parseFormat(string(text))
		if err != nil {
			if isDamagedFormat(string(text)) {
				return nil, &Error{Op: op, Kind: KindCorrupt, Ref: dir, Err: fmt.Errorf(
					"the file %s is damaged: it says %.80q", formatFile, text)}
			}
			return nil, &Error{Op: op, Kind: KindInvalid, Ref: dir, Err: err}
		}
		return &storeFormat{has: has}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, wrap(op, err, dir, "")
	}
	if !existing {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, wrap(op, err, dir, "")
		}
		return &storeFormat{has: allNeeds}, Create(dir)
	}
	if err := checkEmpty(op, dir); err != nil {
		return nil, err
	}
	return nil, &Error{Op: op, Kind: KindInvalid, Ref: dir, Err: errors.New("there is no store in it")}
}

// writeSynced makes a file that is whole or absent after a crash.
func writeSynced(dir, name, text string) (err error) {
	f, err := os.CreateTemp(dir, unfinishedPrefix+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
