package badgerkv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"

	"pfsd/pfs/internal/kv"
)

// errDamaged is for files of Badger that cannot be what it has written.
var errDamaged = fmt.Errorf("%w: badgerkv: damaged", kv.ErrCorrupt)

// damagedUnlessSystem makes an error of opening Badger an errDamaged, unless it is one of the operating system.
func damagedUnlessSystem(err error) error {
	var errno syscall.Errno
	if err == nil || errors.As(err, &errno) || errors.Is(err, errDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// firstLine is an error without the advice that Badger adds to some, on lines of their own.
type firstLine struct{ error }

func (e firstLine) Error() string {
	line, _, _ := strings.Cut(e.error.Error(), "\n")
	return line
}

func (e firstLine) Unwrap() error { return e.error }

// inOneLine leaves the error in one line.
func inOneLine(err *error) {
	if *err != nil {
		*err = firstLine{*err}
	}
}

// checkKeys reads the file in dir that would have keys of encryption, as Badger does when it opens, but says which file it is
// that it cannot read.
func checkKeys(o badger.Options) error {
	name := filepath.Join(o.Dir, badger.KeyRegistryFileName)
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	keys, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: o.Dir, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("%w: file %s: %w", errDamaged, badger.KeyRegistryFileName, err)
	}
	return keys.Close()
}

// recovered makes a panic of Badger, which some damage of its files causes, an error. It must be deferred itself.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", errDamaged, p)
	}
}

// checkTables looks at the end of each table that is listed, where lengths are that Badger trusts when it opens the table: in
// goroutines of its own, whose panics end the process.
func checkTables(dir string, listed map[uint64]badger.TableManifest) error {
	for id := range listed {
		name := table.NewFilename(id, dir)
		if err := checkTable(name); err != nil {
			return fmt.Errorf("table %s: %w", filepath.Base(name), err)
		}
	}
	return nil
}

// checkTable checks that the index and its checksum are there and lie within the file. A table ends with: index, length of the index, checksum
// of the index, length of that checksum; lengths are big-endian, 4 bytes each.
func checkTable(name string) error {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the file is missing", errDamaged)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	rest := info.Size()
	for range 2 {
		var length [4]byte
		if rest -= int64(len(length)); rest < 0 {
			return fmt.Errorf("%w: the file is cut off", errDamaged)
		}
		if _, err := f.ReadAt(length[:], rest); err != nil {
			return err
		}
		n := int64(binary.BigEndian.Uint32(length[:]))
		if rest -= n; rest < 0 || n == 0 {
			return fmt.Errorf("%w: a length at its end is zero, or larger than the file", errDamaged)
		}
	}
	return nil
}
