package badgerkv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"

	"pfsd/pfs/internal/kv"
)

// errDamaged is for files of Badger that cannot be what it has written.
var errDamaged = fmt.Errorf("%w: badgerkv: damaged", kv.ErrCorrupt)

// damagedUnlessSystem makes an error of opening Badger an errDamaged, unless it is one of the operating system.
func damagedUnlessSystem(err error) error {
	var errno syscall.Errno
	if err == nil || errors.As(err, &errno) || usedUp(err) != 0 || errors.Is(err, errDamaged) {
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
		if usedUp(err) != 0 {
			return err
		}
		return fmt.Errorf("%w: file %s: %w", errDamaged, badger.KeyRegistryFileName, err)
	}
	return keys.Close()
}

// recovered makes a panic of Badger, which some damage of its files causes, an error. It must be deferred itself, as
// recovered(&err, debug.SetPanicOnFault(true)): then a mapped file that cannot be read is a panic, too, and not the end of the
// process. What was set before is set again.
func recovered(err *error, onFault bool) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", errDamaged, p)
	}
	debug.SetPanicOnFault(onFault)
}

// checkTables looks at the end of each table that is listed, where lengths are that Badger trusts when it opens the table: in
// goroutines of its own, whose panics end the process. And it sees to it that all rows with some prefixes can be read.
func checkTables(dir string, listed map[uint64]badger.TableManifest, prefixes [][]byte) error {
	for id := range listed {
		name := table.NewFilename(id, dir)
		check := checkTable
		if len(prefixes) > 0 {
			check = func(name string) error { return checkRows(name, prefixes) } // which begins with that
		}
		if err := check(name); err != nil {
			return fmt.Errorf("table %s: %w", filepath.Base(name), err)
		}
	}
	return nil
}

// checkRows reads all blocks of a table in which rows with one of the prefixes may be. Badger does not tell a row that it cannot
// read from one that is not there.
func checkRows(name string, prefixes [][]byte) error {
	t, err := openTable(name)
	if err != nil {
		return err
	}
	for _, prefix := range prefixes {
		if err == nil {
			err = checkRange(t, prefix)
		}
	}
	return errors.Join(err, t.Close(-1))
}

// checkBlocks reads all blocks of a table.
func checkBlocks(t *table.Table) (err error) {
	defer func() {
		// Badger panics when it wants to name a block that it could not read.
		if recover() != nil {
			err = fmt.Errorf("%w: a part of it has a wrong checksum or cannot be read", errDamaged)
		}
	}()
	if err := t.VerifyChecksum(); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// checkRange is checkRows of an open table and one prefix.
func checkRange(t *table.Table, prefix []byte) (err error) {
	defer recovered(&err, debug.SetPanicOnFault(true))
	start := y.KeyWithTs(prefix, math.MaxUint64)
	switch first := y.ParseKey(t.Smallest()); {
	case len(prefix) == 0:
		return checkBlocks(t)
	case y.CompareKeys(t.Biggest(), start) < 0, bytes.Compare(first, prefix) > 0 && !bytes.HasPrefix(first, prefix):
		return nil
	}
	it := t.NewIterator(table.NOCACHE)
	defer it.Close()
	var last []byte
	for it.Seek(start); it.Valid(); it.Next() {
		if !bytes.HasPrefix(y.ParseKey(it.Key()), prefix) {
			return nil
		}
		last = append(last[:0], it.Key()...)
	}
	// It is at the end of the table, or has met a block that it cannot read.
	if !bytes.Equal(last, t.Biggest()) {
		return fmt.Errorf("%w: rows %q cannot be read", errDamaged, prefix)
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
