package badgerkv

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// notedTable is table, and notes a loss when the file is whole and yet not the table that the note, if any, knows by its number.
// One that is damaged has losses of its own, or none.
func (s *Salvaged) notedTable(db *badger.DB, name string, was *note) error {
	before := len(s.Lost) + len(s.Damage)
	if err := s.table(db, name); err != nil || was == nil || len(s.Lost)+len(s.Damage) > before {
		return err
	}
	id, ok := table.ParseFileID(filepath.Base(name))
	if known, noted := was.tables[id]; ok && noted {
		if is, err := printOf(name); err != nil || is != known {
			s.loseTable(id, "the table that was there when the store was closed is missing, and another has its name")
		}
	}
	return nil
}

// compareNote finds out which store the rows in db are those of, and notes a loss when that is not the one of the note, or is of an
// earlier time. The tables of the note that are not there are losses then, and always unless Badger can have merged them: that makes
// a table with a higher number, and a list without them.
func (s *Salvaged) compareNote(db *badger.DB, was *note, tables []string, listed bool) error {
	id, version, err := idOf(db)
	if err != nil {
		return err
	}
	strange := true
	switch {
	case version == 0 && !s.covers([]byte(idKey)):
		s.lose(Loss{File: "kv", Why: fmt.Sprintf("the rows are not those of the store %s, or older than it", was.id)})
	case version > 0 && id != was.id:
		s.lose(Loss{File: "kv", Why: fmt.Sprintf("the rows are those of the store %s, and the note is of the store %s", id, was.id)})
	case version > 0 && version < was.version && !s.covers([]byte(idKey)):
		s.lose(Loss{File: "kv", Why: "the rows are those of an earlier time than the note"})
	default:
		strange = false
	}
	there, newest, highest := map[uint64]bool{}, uint64(0), uint64(0)
	for _, name := range tables {
		if number, ok := table.ParseFileID(filepath.Base(name)); ok {
			there[number], newest = true, max(newest, number)
		}
	}
	for number := range was.tables {
		highest = max(highest, number)
	}
	for number := range was.tables {
		if !there[number] && (strange || !listed || newest <= highest) {
			s.loseTable(number, "the file is missing")
		}
	}
	return nil
}

// covers reports whether a row with the key given may be among those that are lost.
func (s *Salvaged) covers(key []byte) bool {
	for _, l := range s.Lost {
		if bytes.Compare(l.First, key) <= 0 && (l.Last == nil || bytes.Compare(key, l.Last) <= 0) {
			return true
		}
	}
	return false
}

// idOf returns what the row idKey of a Badger says, and its version; 0 when there is none.
func idOf(db *badger.DB) (id ID, version uint64, err error) {
	txn := db.NewTransactionAt(math.MaxUint64, false)
	defer txn.Discard()
	item, err := txn.Get([]byte(idKey))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return id, 0, nil
	}
	if err != nil {
		return id, 0, err
	}
	err = item.Value(func(value []byte) error {
		if len(value) == len(id) {
			id, version = ID(value), item.Version()
		}
		return nil
	})
	return id, version, err
}
