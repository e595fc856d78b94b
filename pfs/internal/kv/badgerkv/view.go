package badgerkv

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"pfsd/pfs/internal/kv"
)

// view is a transaction of an engine that reads at one timestamp. It is for one goroutine at a time.
type view struct {
	engine *engine
	txn    *badger.Txn
}

// view begins to read at ts. The caller must discard it.
func (e *engine) view(ts uint64) (v view, err error) {
	err = e.guard(func() error { v = view{e, e.db.NewTransactionAt(ts, false)}; return nil })
	return v, err
}

// discard ends the view. Badger panics when an iterator could not be closed; a transaction that only reads holds nothing else.
func (v view) discard() {
	_ = v.engine.guard(func() error { v.txn.Discard(); return nil })
}

// get returns the value of key, which is there as long as anybody refers to it, or kv.ErrNotFound.
func (v view) get(key []byte) (value []byte, err error) {
	err = v.engine.guard(func() error {
		item, err := v.txn.Get(key)
		if errors.Is(err, badger.ErrKeyNotFound) {
			return kv.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("badgerkv: get: %w", err)
		}
		value, err = valueOf(item)
		return err
	})
	return value, err
}

// valueOf returns the value of item, which owns it: for an item that Get has made that is as long as anybody refers to it, for
// one of an iterator until the next.
func valueOf(item *badger.Item) (v []byte, err error) {
	err = item.Value(func(p []byte) error { v = p; return nil })
	if err != nil {
		return nil, fmt.Errorf("badgerkv: value: %w", err)
	}
	return v, nil
}

// cursor is an iterator of a view.
type cursor struct {
	engine *engine
	it     *badger.Iterator
}

// iterate returns a cursor, which the caller must close before the view is discarded.
func (v view) iterate(opts badger.IteratorOptions) (c cursor, err error) {
	err = v.engine.guard(func() error { c = cursor{v.engine, v.txn.NewIterator(opts)}; return nil })
	return c, err
}

// close gives up the tables that the cursor keeps. What it cannot close is kept until the process ends.
func (c cursor) close() {
	_ = c.engine.guard(func() error { c.it.Close(); return nil })
}

// seek moves to start, or the first row behind it, and returns the row at which it then stands, if any.
func (c cursor) seek(start []byte) (kv.Row, bool, error) {
	return c.move(func() { c.it.Seek(start) })
}

// next moves to the next row and returns it, if there is one.
func (c cursor) next() (kv.Row, bool, error) { return c.move(c.it.Next) }

func (c cursor) move(step func()) (row kv.Row, ok bool, err error) {
	err = c.engine.guard(func() error {
		step()
		if !c.it.Valid() {
			return nil
		}
		value, err := valueOf(c.it.Item())
		row, ok = kv.Row{Key: c.it.Item().Key(), Value: value}, err == nil
		return err
	})
	return row, ok && err == nil, err
}

// size is how many bytes the row at which the cursor stands takes, about.
func (c cursor) size() (n int64, err error) {
	err = c.engine.guard(func() error { n = c.it.Item().EstimatedSize(); return nil })
	return n, err
}
