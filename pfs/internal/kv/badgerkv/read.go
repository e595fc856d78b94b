package badgerkv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"

	"github.com/dgraph-io/badger/v4"

	"pfsd/pfs/internal/kv"
)

// View implements kv.Store.
func (s *Store) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	ts := s.clock.enter()
	defer s.clock.leave(ts)
	txn := s.db.NewTransactionAt(ts, false)
	defer txn.Discard()
	return fn(reader{txn})
}

// reader is a kv.Reader of one transaction.
type reader struct{ txn *badger.Txn }

var _ kv.Reader = reader{}

// Get implements kv.Reader.
func (r reader) Get(key []byte) (v []byte, err error) {
	if len(key) == 0 {
		return nil, kv.ErrNotFound
	}
	defer recovered(&err, debug.SetPanicOnFault(true))
	item, err := r.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, kv.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("badgerkv: get: %w", err)
	}
	return value(item)
}

// value returns the value of item, which owns it: for an item that Get has made that is as long as anybody refers to it, for
// one of an iterator until the next.
func value(item *badger.Item) (v []byte, err error) {
	err = item.Value(func(p []byte) error { v = p; return nil })
	if err != nil {
		return nil, fmt.Errorf("badgerkv: value: %w", err)
	}
	return v, nil
}

// Scan implements kv.Reader.
func (r reader) Scan(prefix, from []byte, reverse bool) iter.Seq2[kv.Row, error] {
	return func(yield func(kv.Row, error) bool) {
		start, ok := scanStart(prefix, from, reverse)
		if !ok {
			return
		}
		it := r.txn.NewIterator(badger.IteratorOptions{Prefix: prefix, Reverse: reverse})
		defer it.Close()
		row, ok, err := move(it, func() { it.Seek(start) })
		for ok && yield(row, nil) {
			row, ok, err = move(it, it.Next)
		}
		if err != nil {
			yield(kv.Row{}, err)
		}
	}
}

// move moves it by step and returns the row at which it then stands, if any.
func move(it *badger.Iterator, step func()) (row kv.Row, ok bool, err error) {
	defer recovered(&err, debug.SetPanicOnFault(true))
	step()
	if !it.Valid() {
		return kv.Row{}, false, nil
	}
	v, err := value(it.Item())
	return kv.Row{Key: it.Item().Key(), Value: v}, err == nil, err
}

// scanStart returns the key at which to begin, or false when nothing can be found. It lies within the prefix, as Badger
// takes an iterator that stands outside for one that is at its end.
func scanStart(prefix, from []byte, reverse bool) ([]byte, bool) {
	switch {
	case !reverse && bytes.Compare(from, prefix) <= 0:
		return prefix, true
	case !reverse:
		return from, bytes.HasPrefix(from, prefix)
	case from == nil || bytes.Compare(from, prefix) > 0 && !bytes.HasPrefix(from, prefix):
		return lastKey(prefix), true
	}
	// Below a key that is empty there is nothing, whereas Badger takes it for no bound.
	return from, len(from) > 0 && bytes.HasPrefix(from, prefix)
}

// lastKey returns a key that begins with prefix and is not before any other such key that a row can have.
func lastKey(prefix []byte) []byte {
	key := bytes.Repeat([]byte{0xff}, max(kv.MaxKey, len(prefix))+1)
	copy(key, prefix)
	return key
}
