package badgerkv

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// opening is how Badger is opened.
type opening struct {
	options badger.Options
	// readable are prefixes of rows all of which must be readable.
	readable [][]byte
	// aside is the directory for files that Badger would remove or cut off.
	aside string
	// note is nil when there is none. hasRows is set when the store is known to have rows.
	note    *note
	hasRows bool
	log     *slog.Logger
	// show turns the paths in a text into those that people know.
	show func(string) string
}

// look is what is seen of Badger's files before Badger opens them. Badger removes the tables that are not listed, and cuts off what
// it does not understand at the end of a log or of the list; after a crash that is right, after damage it makes it worse. So
// the files that Badger would touch are moved aside, or copied, and where rows would be missing it is not opened.
type look struct {
	opening
	aside *aside

	listed map[uint64]badger.TableManifest
	// tables are the files of tables that are listed, unlisted all others, both in the order of their numbers.
	tables, unlisted []string
	// logs are the write-ahead logs, in their order: with any the store was not closed in order. firstLogged is the timestamp from which on
	// the logs have all transactions; 0 when they have none.
	logs        []string
	firstLogged uint64
	// then is done when nothing was found that keeps the store from being opened.
	then []func() error
}

// check fails when Badger's files are not all that they were, and names the file.
func (l *look) check() error {
	if err := l.list(); err != nil {
		return err
	}
	if err := checkTables(l.options.Dir, l.listed, l.readable); err != nil {
		return err
	}
	if err := l.readLogs(); err != nil {
		return err
	}
	if err := l.checkNote(); err != nil {
		return err
	}
	// The first transaction of a store has the timestamp 1.
	if l.hasRows && len(l.listed) == 0 && l.firstLogged != 1 {
		return l.noRows()
	}
	if err := l.checkUnlisted(); err != nil {
		return err
	}
	for _, do := range l.then {
		if err := do(); err != nil {
			return err
		}
	}
	return errors.Join(removeUnborn(l.options.Dir, l.listed), moveStrange(l.options.Dir, l.aside))
}

// noRows is the error of a store that had rows and has none.
func (l *look) noRows() error {
	if l.firstLogged == 0 && len(l.logs) > 0 {
		return fmt.Errorf("%w: log %s: no transaction in it can be read, and there are no tables", errDamaged, filepath.Base(l.logs[0]))
	}
	return badList(errors.New("it lists no tables, and the store had rows"))
}

// list reads the list of tables and the names of those that are there.
func (l *look) list() (err error) {
	l.listed, err = readManifest(l.options)
	missing := errors.Is(err, fs.ErrNotExist) // as before the first start
	switch {
	case err == nil:
		l.then = append(l.then, func() error { return keepList(l.options, l.aside) })
	case !missing:
		return err
	}
	names, err := filepath.Glob(filepath.Join(l.options.Dir, "*.sst"))
	if err != nil {
		return err
	}
	if missing && len(names) > 0 {
		return badList(errors.New("it is missing, and there are tables"))
	}
	for _, name := range names {
		id, ok := table.ParseFileID(filepath.Base(name))
		if isUnborn(name) {
			continue
		}
		if _, listed := l.listed[id]; ok && listed {
			l.tables = append(l.tables, name)
		} else if ok {
			l.unlisted = append(l.unlisted, name)
		}
	}
	return nil
}

// readLogs reads the write-ahead logs. One with something behind its last whole transaction is kept aside, since Badger cuts
// that off: usually it is a transaction that a crash has interrupted, but it may be all that is behind a byte that is wrong.
func (l *look) readLogs() (err error) {
	if l.logs, err = filepath.Glob(filepath.Join(l.options.Dir, "*"+walSuffix)); err != nil {
		return err
	}
	for _, name := range l.logs {
		log, err := readLog(name)
		if err != nil {
			return err
		}
		if l.firstLogged == 0 {
			l.firstLogged = log.first
		}
		if !log.rest {
			continue
		}
		kind := ofCrash
		if log.later {
			kind = ofDamage
			l.log.Warn("transactions at the end of a log cannot be read, and are left out; the log is kept aside",
				"log", filepath.Base(name), "from", log.end)
		}
		l.then = append(l.then, func() error { return l.aside.copy(name, kind) })
	}
	return nil
}

// checkNote fails when the tables that are listed are not those that the note tells of, or older.
func (l *look) checkNote() error {
	if l.note == nil {
		return nil
	}
	if err := l.note.checkTables(l.options.Dir, l.listed); err != nil {
		return err
	}
	version, err := latest(l.tables, l.note.version)
	if err == nil && version < l.note.version {
		err = badList(errors.New("the newest tables are not in it"))
	}
	return err
}
