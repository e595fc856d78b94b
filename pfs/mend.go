package pfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
)

// besideForm is what a file's name is when it was moved beside, with a number.
const besideForm = "%s.damaged-%%d"

// moveBeside gives a file another name, and reports whether it was there.
func moveBeside(name string) (bool, error) {
	dir := filepath.Dir(name)
	beside, err := unusedName(dir, fmt.Sprintf(besideForm, filepath.Base(name)))
	if err != nil {
		return false, err
	}
	err = os.Rename(name, beside)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, errors.Join(err, syncDir(dir))
}

// mendFormat names the format again, with all features, when the file that does so is missing or damaged, and reports whether it
// was. One that names a later version, or features of it, is left alone.
func mendFormat(dir string) (bool, error) {
	name := filepath.Join(dir, formatFile)
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err == nil {
		if _, err := parseFormat(string(text)); err == nil {
			return false, nil
		} else if !isDamagedFormat(string(text)) {
			return false, &Error{Op: "pfs.Salvage", Kind: KindInvalid, Ref: dir, Err: err}
		}
	}
	if _, err := moveBeside(name); err != nil {
		return false, err
	}
	return true, writeSynced(dir, name, formatText(allNeeds))
}

// laterFormat is how the file of a store of a later version begins, and laterFeatures the whole of one that lists features.
var (
	laterFormat   = regexp.MustCompile(`^pfsd store, format ([3-9]|[1-9][0-9]+)\n`)
	laterFeatures = regexp.MustCompile(`^pfsd store, format 2\nfeatures:( [a-z][a-z0-9-]*)+\n$`)
)

// isDamagedFormat reports whether a text that is no format known is damaged, rather than of a later version. One that is like a
// known one but for one byte is damaged, unless it is the number of the version.
func isDamagedFormat(text string) bool {
	switch {
	case laterFormat.MatchString(text):
		return false
	case !laterFeatures.MatchString(text):
		return true
	}
	list := strings.Fields(strings.TrimPrefix(text, thisFormat))
	if !slices.ContainsFunc(list, func(name string) bool { return !slices.Contains(features(), name) }) {
		return true // they are known, and not in order
	}
	for has := needs(0); has <= allNeeds; has++ {
		if differing(text, formatText(has)) == 1 {
			return true
		}
	}
	return false
}

// differing returns in how many bytes two texts of one length differ; -1 when the lengths do.
func differing(a, b string) (n int) {
	if len(a) != len(b) {
		return -1
	}
	for i := range len(a) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// mendNote moves the note of the rows beside when it cannot be read, and reports whether that was so.
func mendNote(dir string) (bool, error) {
	name := filepath.Join(dir, noteFile)
	if _, _, err := badgerkv.ReadNote(name); !errors.Is(err, kv.ErrCorrupt) {
		return false, err
	}
	return moveBeside(name)
}

// mendOwner says again whose packs those in dir are, when the file that does so cannot be read or names another store than the note
// of the rows does, and when the packs are gone; and reports whether that was so.
func mendOwner(dir string) (bool, error) {
	id, noted, err := badgerkv.ReadNote(filepath.Join(dir, noteFile))
	if err != nil {
		return false, err
	}
	owner, err := readOwner(dir)
	switch {
	case err != nil && !errors.Is(err, kv.ErrCorrupt):
		return false, err
	case err == nil && (!noted || owner == id):
		return false, nil
	}
	if _, err := moveBeside(ownerPath(dir)); err != nil || !noted {
		return err == nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, packsDir), 0o700); err != nil {
		return false, err
	}
	return true, own(dir, id)
}
