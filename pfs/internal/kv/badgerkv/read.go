package badgerkv

import (
	"bytes"
	"context"
	"iter"

	"github.com/dgraph-io/badger/v4"

	"pfsd/pfs/internal/kv"
)

// View implements kv.Store.
func (s *Store) View(ctx context.Context, fn func(kv.Reader) error) (err error) {
	defer s.named(&err)
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	ts := s.clock.enter()
	defer s.clock.leave(ts)
	v, err := s.engine.view(ts)
	if err != nil {
		return err
	}
	defer v.discard()
	return fn(reader{v})
}

// reader is a kv.Reader of one view.
type reader struct{ view view }

var _ kv.Reader = reader{}

// Get implements kv.Reader.
func (r reader) Get(key []byte) ([]byte, error) {
	if len(key) == 0 {
		return nil, kv.ErrNotFound
	}
	return r.view.get(key)
}

// Scan implements kv.Reader.
func (r reader) Scan(prefix, from []byte, reverse bool) iter.Seq2[kv.Row, error] {
	return func(yield func(kv.Row, error) bool) {
		start, ok := scanStart(prefix, from, reverse)
		if !ok {
			return
		}
		c, err := r.view.iterate(badger.IteratorOptions{Prefix: prefix, Reverse: reverse})
		if err != nil {
			yield(kv.Row{}, err)
			return
		}
		defer c.close()
		row, ok, err := c.seek(start)
		for ok && yield(row, nil) {
			row, ok, err = c.next()
		}
		if err != nil {
			yield(kv.Row{}, err)
		}
	}
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
