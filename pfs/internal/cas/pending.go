package cas

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// maxFlush is how many bytes of rows a Flush has at most, so that they fit into the committer's own transaction.
const maxFlush = 1 << 20

// Flush is the rows that must be in the store before a name may point to what was ingested.
type Flush struct {
	// Rows are content-addressed, and their sizes sum to at most 1 MiB. All that they depend on is durable.
	Rows []kv.Row
	// Done must be called once: with true when the rows are durable in the key-value store, with false when they are not,
	// and then the next Pending has them again.
	Done func(ok bool)
}

// Pending makes durable all that finished operations have written, but for the rows that it returns for the caller to put
// into its own commit: whatever those operations returned may be linked by that commit, or by any after it. It waits for
// the disk, and for nothing that unfinished operations do. One Pending may run at a time; it, and the Done of an earlier
// one, may be called while operations run.
//
// On an error nothing that was not yet linked may be. An error of a pack loses what had been appended to it: what depends
// on that fails with ErrLost from Verify and from the Pin's Err from then on, which whoever links must therefore ask after
// each Pending, successful or not. After any other error the next Pending has all of it again.
func (s *Store) Pending(ctx context.Context) (Flush, error) {
	s.saving.Lock()
	defer s.saving.Unlock()
	batches := s.takeFinished()
	rows, err := s.save(ctx, batches, maxFlush)
	if err != nil {
		s.giveBack(batches)
		return Flush{}, err
	}
	flush := Flush{Rows: make([]kv.Row, len(rows))}
	for i, r := range rows {
		flush.Rows[i] = kv.Row{Key: []byte(r.key), Value: r.value}
	}
	var once sync.Once
	flush.Done = func(ok bool) {
		once.Do(func() {
			if ok {
				s.settle(rows, rowSaved)
			}
			s.giveBack(batches)
		})
	}
	return flush, nil
}

// Verify returns ErrLost when the content or part with the given root must not be linked, since the disk failed to take it
// and nobody has written it again, and ErrCorrupt when it is not there, as one of which nothing told the collection of
// garbage that it is still wanted. It is to be asked between Pending and the commit that links: what it has found stays.
func (s *Store) Verify(ctx context.Context, root schema.Hash) error {
	s.mu.Lock()
	err := s.lost[root]
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.protect(ctx, root)
}

// takeFinished returns the finished batches and forgets them.
func (s *Store) takeFinished() []*batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	batches := s.finished
	s.finished = nil
	return batches
}

// giveBack is the inverse of takeFinished, for batches that still have unsaved rows.
func (s *Store) giveBack(batches []*batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batches {
		s.retireLocked(b)
	}
}

// save makes the rows of batches durable, but for some that it leaves to the caller: as many as have the given number of
// bytes together. It does not change the batches.
func (s *Store) save(ctx context.Context, batches []*batch, leave int) ([]*row, error) {
	rows := s.unsavedOf(batches)
	if err := s.syncPacks(rows); err != nil {
		return nil, err
	}
	bytes := 0
	first := len(rows)
	for first > 0 && bytes+rowSize(rows[first-1]) <= leave {
		first--
		bytes += rowSize(rows[first])
	}
	if first == 0 {
		return rows, nil
	}
	put := make([]kv.Row, first)
	for i, r := range rows[:first] {
		put[i] = kv.Row{Key: []byte(r.key), Value: r.value}
	}
	if err := s.kv.Put(ctx, put); err != nil {
		return nil, fmt.Errorf("cas: save %d rows: %w", len(put), err)
	}
	s.settle(rows[:first], rowSaved)
	return rows[first:], nil
}

func rowSize(r *row) int { return len(r.key) + len(r.value) }

// unsavedOf returns the unsaved rows of batches, each once.
func (s *Store) unsavedOf(batches []*batch) []*row {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []*row
	seen := map[*row]bool{}
	for _, b := range batches {
		for r := range b.rows {
			if r.state == rowUnsaved && !seen[r] {
				seen[r] = true
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// syncPacks makes the packs durable that rows depend on, and notes that in the rows. When one fails all rows that wait for
// it are lost, whoever they belong to, and the error is returned.
func (s *Store) syncPacks(rows []*row) error {
	var errs []error
	for id, err := range s.syncAll(s.packsOf(rows)) {
		if err != nil {
			s.lose(id)
			errs = append(errs, fmt.Errorf("%w: %w", ErrLost, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rows {
		r.pack = 0
	}
	return nil
}

// packsOf returns the packs that rows wait for, each once.
func (s *Store) packsOf(rows []*row) map[uint64]error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := map[uint64]error{}
	for _, r := range rows {
		if r.pack != 0 {
			ids[r.pack] = nil
		}
	}
	return ids
}

// syncAll syncs the packs that are the keys of ids, at the same time, and returns ids with the error of each.
func (s *Store) syncAll(ids map[uint64]error) map[uint64]error {
	var mu sync.Mutex // guards ids
	var wg sync.WaitGroup
	for _, id := range slices.Collect(maps.Keys(ids)) {
		wg.Go(func() {
			// Not the caller's context: an error must mean that the disk has failed.
			err := s.packs.Sync(context.Background(), id)
			mu.Lock()
			defer mu.Unlock()
			ids[id] = err
		})
	}
	wg.Wait()
	return ids
}

// lose drops the unsaved rows that depend on a pack which could not be synced, and notes what else is lost with them.
func (s *Store) lose(pack uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.unsaved {
		if r.pack == pack {
			s.settleLocked(r, rowLost)
		}
	}
	for root, b := range s.open {
		if b.pruneLocked(); b.err != nil {
			s.lost[root] = b.err
		}
	}
}
