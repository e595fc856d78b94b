package memkv

import (
	"bytes"
	"iter"

	"github.com/tidwall/btree"

	"pfsd/pfs/internal/kv"
)

// reader is a kv.Reader of rows that nobody changes any more.
type reader struct{ rows *btree.BTreeG[kv.Row] }

var _ kv.Reader = reader{}

// Get implements kv.Reader.
func (r reader) Get(key []byte) ([]byte, error) {
	row, ok := r.rows.Get(kv.Row{Key: key})
	if !ok {
		return nil, kv.ErrNotFound
	}
	return row.Value, nil
}

// Scan implements kv.Reader.
func (r reader) Scan(prefix, from []byte, reverse bool) iter.Seq2[kv.Row, error] {
	if reverse {
		return r.down(prefix, from)
	}
	return func(yield func(kv.Row, error) bool) {
		start := prefix
		if bytes.Compare(from, prefix) > 0 {
			start = from
		}
		r.rows.Ascend(kv.Row{Key: start}, func(row kv.Row) bool {
			return bytes.HasPrefix(row.Key, prefix) && yield(row, nil)
		})
	}
}

// down scans backwards. Rows behind the prefix that are not after from are skipped: they come first.
func (r reader) down(prefix, from []byte) iter.Seq2[kv.Row, error] {
	return func(yield func(kv.Row, error) bool) {
		visit := func(row kv.Row) bool {
			if bytes.HasPrefix(row.Key, prefix) {
				return yield(row, nil)
			}
			return bytes.Compare(row.Key, prefix) > 0
		}
		end := last(prefix)
		if from != nil && bytes.Compare(from, end) < 0 {
			end = from
		}
		r.rows.Descend(kv.Row{Key: end}, visit)
	}
}

// last returns a key that is behind each with the given prefix, but not behind any without it that is larger.
func last(prefix []byte) []byte {
	end := bytes.Repeat([]byte{0xff}, kv.MaxKey+1)
	copy(end, prefix)
	return end
}
