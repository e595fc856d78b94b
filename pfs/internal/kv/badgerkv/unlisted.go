package badgerkv

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
)

// checkUnlisted moves the tables aside that are not listed, which Badger would remove. A crash leaves such a table: the rows of one
// that Badger had just made are still in its log, or in other tables, as are those of one that it was about to remove. Where
// they are not, the list has lost its end, and the error says so; nothing is moved then.
func (l *look) checkUnlisted() error {
	if len(l.unlisted) == 0 {
		return nil
	}
	all, err := latest(l.tables, math.MaxUint64)
	if err != nil {
		return err
	}
	var newer []*table.Table
	defer func() {
		for _, t := range newer {
			_ = t.Close(-1)
		}
	}()
	for _, name := range l.unlisted {
		t, err := openTable(name)
		switch {
		case err != nil && !errors.Is(err, errDamaged):
			return err
		case err != nil && len(l.logs) > 0: // It was not finished.
			continue
		case err != nil:
			if empty, err := isEmpty(name); err != nil || empty {
				continue
			}
			return badList(errors.New(filepath.Base(name) + " is not in it, and the store was closed in order"))
		case t.MaxVersion() > all && !l.isLogged(t):
			newer = append(newer, t)
		default:
			_ = t.Close(-1)
		}
	}
	if len(newer) > 0 {
		if has, err := l.tablesHave(newer); err != nil {
			return err
		} else if !has {
			return badList(errors.New("its end is missing, where the newest tables were listed"))
		}
	}
	for _, name := range l.unlisted {
		l.then = append(l.then, func() error { return l.aside.move(name, ofCrash) })
	}
	return nil
}

// isEmpty reports whether a file has zeros alone.
func isEmpty(name string) (bool, error) {
	b, err := os.ReadFile(name)
	return isZero(b), err
}

// isLogged reports whether all rows of a table are in the write-ahead logs.
func (l *look) isLogged(t *table.Table) (logged bool) {
	var err error
	defer func() { logged = logged && err == nil }()
	defer recovered(&err, debug.SetPanicOnFault(true))
	if l.firstLogged == 0 {
		return false
	}
	it := t.NewIterator(table.NOCACHE)
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		if y.ParseTs(it.Key()) < l.firstLogged {
			return false
		}
	}
	return true
}

// tablesHave reports whether all rows of tables that are not listed are, as they are there or newer, in those that are. A row
// that was deleted need not be.
func (l *look) tablesHave(unlisted []*table.Table) (has bool, err error) {
	defer recovered(&err, debug.SetPanicOnFault(true))
	var listed []*table.Table
	defer func() {
		for _, t := range listed {
			_ = t.Close(-1)
		}
	}()
	for _, name := range l.tables {
		t, err := openTable(name)
		if err != nil {
			return false, err
		}
		listed = append(listed, t)
	}
	rows, there := merged(unlisted), merged(listed)
	defer rows.Close()
	if there != nil {
		defer there.Close()
	}
	var last []byte
	for rows.Rewind(); rows.Valid(); rows.Next() {
		key := y.ParseKey(rows.Key())
		if last != nil && y.SameKey(rows.Key(), y.KeyWithTs(last, 0)) {
			continue // an older version
		}
		last = y.SafeCopy(last, key)
		if !isThere(there, key, y.ParseTs(rows.Key()), rows.Value().Meta&deletedBit != 0) {
			return false, nil
		}
	}
	return true, nil
}

// merged returns an iterator over all versions of the rows of tables; nil when there are none.
func merged(tables []*table.Table) y.Iterator {
	var all []y.Iterator
	for _, t := range tables {
		all = append(all, t.NewIterator(table.NOCACHE))
	}
	return table.NewMergeIterator(all, false)
}

// isThere reports whether tables have a row with a version at least as high as ts, or, when it was deleted then, not at all.
func isThere(tables y.Iterator, key []byte, ts uint64, deleted bool) bool {
	if tables == nil {
		return deleted
	}
	tables.Seek(y.KeyWithTs(key, math.MaxUint64))
	if !tables.Valid() || string(y.ParseKey(tables.Key())) != string(key) {
		return deleted
	}
	return y.ParseTs(tables.Key()) >= ts
}
