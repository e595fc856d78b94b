package badgerkv

import (
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"pfsd/pfs/internal/kv"
)

// Commit implements kv.Store.
func (s *Store) Commit(ctx context.Context, b kv.Batch) (err error) {
	defer s.named(&err)
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
func (s *Store) Put(ctx context.Context, rows []kv.Row) (err error) {
	defer s.named(&err)
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
	if err := s.flushes.failing(); err != nil {
		return s.unable(err)
	}
	txn, err := s.engine.transaction(b)
	if err != nil {
		return err
	}
	s.wrote.Store(true)
	if err := s.push(txn); err != nil {
		return fmt.Errorf("badgerkv: write: %w", err)
	}
	return nil
}

// push gives txn its timestamp, has it written, and returns when it is visible or has failed. One that waits for room, which there
// will not be since the disk takes no tables, fails, as do all from then on: whether it is on disk later on is unknown.
func (s *Store) push(txn *badger.Txn) error {
	s.pushing.Lock()
	defer s.pushing.Unlock()
	if err := s.clock.broken(); err != nil {
		return err
	}
	w := s.clock.next()
	e, c := s.engine, s.clock
	s.commits.Go(func() { s.commit(e, c, txn, w) })
	if err := s.flushes.await(w.ready, 0); err != nil {
		s.clock.fail(err)
	}
	return w.err
}

// commit writes txn, and the name of the log that it is in, to disk. It outlives the operation when that has failed meanwhile.
func (s *Store) commit(e *engine, c *clock, txn *badger.Txn, w *write) {
	err := e.commit(txn, w.ts)
	switch {
	case err == nil:
		err = s.wal.sync()
	case !e.whole():
		err = s.unable(fmt.Errorf("no memtable can be made: %w", err))
		s.breakOff(e, err)
	}
	c.finish(w, err)
}
