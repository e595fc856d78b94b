package badgerkv

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/dgraph-io/badger/v4"

	"pfsd/pfs/internal/kv"
)

// engine is Badger while it is open. It is the only type of a Store that calls Badger, and each of its methods does so under a
// guard: a panic of Badger, and a mapped page that cannot be read, become errors. All methods may be called concurrently,
// except that commit is called by one goroutine at a time.
type engine struct{ db *badger.DB }

// errNoMemtable is the error of a Badger that could not make a memtable. It has none from then on: every read and write
// panics. A new Badger on the same directory is well again.
var errNoMemtable = fmt.Errorf("%w: badgerkv: there is no memtable", kv.ErrExhausted)

// openEngine opens Badger.
func openEngine(g opening) (*engine, error) {
	db, err := openDB(g)
	if err != nil {
		return nil, err
	}
	return &engine{db}, nil
}

// guard runs fn. A panic in it is an error: errNoMemtable when that is the reason, else errDamaged.
func (e *engine) guard(fn func() error) (err error) {
	panicked := true
	defer func() {
		if panicked && !e.whole() {
			err = errNoMemtable
		}
	}()
	defer recovered(&err, debug.SetPanicOnFault(true))
	err = fn()
	panicked = false
	return err
}

// whole reports whether Badger has a memtable. It looks for rows that there are not, so that no table is read.
func (e *engine) whole() (whole bool) {
	defer func() { whole = recover() == nil }()
	txn := e.db.NewTransactionAt(0, false)
	txn.NewIterator(badger.IteratorOptions{Prefix: []byte(flushKey)}).Close()
	txn.Discard()
	return true
}

// close ends Badger. It waits until what is in memory is in tables, which may be for ever.
func (e *engine) close() error {
	return e.guard(e.db.Close)
}

// newest returns the latest timestamp of a row, or the error for which it cannot be told.
func (e *engine) newest() (ts uint64, err error) {
	err = e.guard(func() error { ts = e.db.MaxVersion(); return nil })
	return ts, err
}

// row returns the value of a row at a timestamp, and its version; 0 when there is none.
func (e *engine) row(key string, ts uint64) (value []byte, version uint64, err error) {
	err = e.guard(func() error {
		txn := e.db.NewTransactionAt(ts, false)
		defer txn.Discard()
		item, err := txn.Get([]byte(key))
		if errors.Is(err, badger.ErrKeyNotFound) {
			return nil
		}
		if err == nil {
			version = item.Version()
			value, err = item.ValueCopy(nil)
		}
		return err
	})
	return value, version, err
}

// tables returns the tables that there are.
func (e *engine) tables() (tables []badger.TableInfo, err error) {
	err = e.guard(func() error { tables = e.db.Tables(); return nil })
	return tables, err
}

// merging returns how many bytes are in the levels that Badger may have to merge.
func (e *engine) merging() (n int64, err error) {
	err = e.guard(func() error {
		for _, level := range e.db.Levels() {
			if level.Level == 0 || level.IsBaseLevel {
				n += level.Size
			}
		}
		return nil
	})
	return n, err
}

// discard lets Badger drop what was replaced or deleted by a timestamp. It is only thrift: an error changes nothing.
func (e *engine) discard(ts uint64) {
	_ = e.guard(func() error { e.db.SetDiscardTs(ts); return nil })
}

// transaction returns b as a transaction that was not handed to Badger yet.
func (e *engine) transaction(b kv.Batch) (txn *badger.Txn, err error) {
	err = e.guard(func() error {
		txn = e.db.NewTransactionAt(0, true)
		return fill(txn, b)
	})
	if err == nil {
		return txn, nil
	}
	if errors.Is(err, badger.ErrTxnTooBig) || errors.Is(err, badger.ErrInvalidKey) {
		return nil, fmt.Errorf("%w: %w", kv.ErrInvalid, err)
	}
	return nil, fmt.Errorf("badgerkv: write: %w", err)
}

func fill(txn *badger.Txn, b kv.Batch) error {
	for _, r := range b.Puts {
		if err := txn.Set(r.Key, r.Value); err != nil {
			return err
		}
	}
	for _, key := range b.Deletes {
		if err := txn.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// commit hands txn to Badger with its timestamp and returns when it is in the log on disk, or has failed. When Badger has no
// memtable then, it was not even begun, since there was none to write it to.
func (e *engine) commit(txn *badger.Txn, ts uint64) error {
	return e.guard(func() error { return txn.CommitAt(ts, nil) })
}

// flush has Badger write what is in memory to tables, by dropping the rows that begin with prefix. After an error Badger may not
// be used any more, but can be closed. A fault ends the process: Badger would go on holding its locks.
func (e *engine) flush(prefix string) (err error) {
	defer recovered(&err, debug.SetPanicOnFault(false))
	return e.db.DropPrefix([]byte(prefix))
}

// flatten merges all tables into one level. A fault ends the process, as in flush.
func (e *engine) flatten() (err error) {
	defer recovered(&err, debug.SetPanicOnFault(false))
	return e.db.Flatten(1)
}
