package badgerkv

import (
	"context"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"pfsd/pfs/internal/kv"
)

// Commit implements kv.Store.
func (s *Store) Commit(ctx context.Context, b kv.Batch) error {
	if err := b.Check(); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	return s.write(b, s.space.mark/2)
}

// Put implements kv.Store. Rows go into as few transactions as the limits of a Batch allow, one after the other.
func (s *Store) Put(ctx context.Context, rows []kv.Row) error {
	for _, r := range rows {
		if err := r.Check(); err != nil {
			return err
		}
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	for len(rows) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := batchLen(rows)
		if err := s.write(kv.Batch{Puts: rows[:n]}, s.space.mark*3/4); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// batchLen returns how many of rows fit into one Batch.
func batchLen(rows []kv.Row) int {
	n, size := 0, 0
	for n < len(rows) && n < kv.MaxCommitRows {
		if size += rows[n].Size(); size > kv.MaxCommit {
			break
		}
		n++
	}
	return n
}

// write makes b one transaction, if mark bytes are free, and returns when it is visible or has failed.
func (s *Store) write(b kv.Batch, mark int64) error {
	if len(b.Puts)+len(b.Deletes) == 0 {
		return nil
	}
	if err := s.clock.broken(); err != nil {
		return err
	}
	if err := s.space.check(mark); err != nil {
		return err
	}
	txn, err := s.transaction(b)
	if err != nil {
		return err
	}
	w := s.push(txn)
	s.await(w)
	if w.err != nil {
		return fmt.Errorf("badgerkv: write: %w", w.err)
	}
	return nil
}

// await returns when w is visible or has failed. One that waits for room, which there will not be since the disk takes no
// tables, fails, as do all from then on: whether it is on disk later on is unknown.
func (s *Store) await(w *write) {
	if err := s.flushes.await(w.ready); err != nil {
		s.clock.fail(err)
	}
}

// transaction returns b as a transaction that was not handed to Badger yet.
func (s *Store) transaction(b kv.Batch) (*badger.Txn, error) {
	txn := s.db.NewTransactionAt(0, true)
	err := fill(txn, b)
	if err == nil {
		return txn, nil
	}
	txn.Discard()
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

// push gives txn its timestamp and hands it to Badger. The write ends when Badger has it on disk, and the name of the log
// that it is in as well.
func (s *Store) push(txn *badger.Txn) *write {
	s.pushing.Lock()
	defer s.pushing.Unlock()
	w := s.clock.next()
	// With a callback CommitAt itself returns no error.
	_ = txn.CommitAt(w.ts, func(err error) {
		if err == nil {
			err = s.wal.sync()
		}
		s.clock.finish(w, err)
	})
	return w
}
