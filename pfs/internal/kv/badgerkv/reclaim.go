package badgerkv

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/dgraph-io/badger/v4"

	"pfsd/pfs/internal/kv"
)

// flushKey is the key of a row that says nothing. It is written, and dropped again at once, to have Badger write what is in
// memory to its tables, for which it has no call of its own. No row of the core begins with a zero byte.
const flushKey = "\x00flush"

// Size returns how many bytes the store's files take on disk, the reserve included; 0 when that cannot be told.
func (s *Store) Size() int64 {
	entries, err := os.ReadDir(s.space.dir)
	if err != nil {
		return 0
	}
	var sum int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // deleted meanwhile
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			sum += st.Blocks * 512
		}
	}
	return sum
}

// Vain estimates how many bytes of the tables are those of rows that were deleted or replaced, and returns what all take. It
// goes over the keys of all rows.
func (s *Store) Vain(ctx context.Context) (vain, all int64, err error) {
	defer s.named(&err)
	if err := s.begin(ctx); err != nil {
		return 0, 0, err
	}
	defer s.end()
	tables, err := s.engine.tables()
	if err != nil {
		return 0, 0, err
	}
	var versions int64
	for _, t := range tables {
		versions += int64(t.KeyCount)
		all += int64(t.OnDiskSize)
	}
	now, err := s.count(ctx)
	if err != nil || versions <= now.rows {
		return 0, all, err
	}
	return int64(float64(all) * float64(versions-now.rows) / float64(versions)), all, nil
}

// counted is how many rows there were at a time, and the sum of their sizes.
type counted struct {
	ts          uint64
	rows, bytes int64
}

// count goes over the keys of all rows.
func (s *Store) count(ctx context.Context) (c counted, err error) {
	c.ts = s.clock.enter()
	defer s.clock.leave(c.ts)
	v, err := s.engine.view(c.ts)
	if err != nil {
		return c, err
	}
	defer v.discard()
	rows, err := v.iterate(badger.IteratorOptions{})
	if err != nil {
		return c, err
	}
	defer rows.close()
	for _, ok, err := rows.seek(nil); ok || err != nil; _, ok, err = rows.next() {
		if err != nil {
			return c, err
		}
		size, err := rows.size()
		if err != nil {
			return c, err
		}
		c.bytes += size
		if c.rows++; c.rows%4096 == 0 && ctx.Err() != nil {
			return c, ctx.Err()
		}
	}
	return c, nil
}

// Reclaim gives back the room of rows that were deleted or replaced: it merges all tables into one level, where nothing is
// left of them. Reads go on, writes wait while the rows in memory are written out, which is short. It needs room for
// a while, for what the rows take that are left, and does nothing when there is not as much, or ctx is done; once begun it is
// not interrupted, and Close waits for it.
func (s *Store) Reclaim(ctx context.Context) (err error) {
	defer s.named(&err)
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	if room, err := s.canReclaim(ctx); err != nil || !room {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.engine.flatten(); err != nil {
		return shortage(fmt.Errorf("badgerkv: flatten: %w", err))
	}
	return nil
}

// canReclaim reports whether there is room for Reclaim. What it merges stays until what it makes of it is there.
func (s *Store) canReclaim(ctx context.Context) (bool, error) {
	free, err := s.space.free()
	if err != nil {
		return false, shortage(fmt.Errorf("badgerkv: free space: %w", err))
	}
	if free >= s.Size()+2*s.space.mark {
		return true, nil
	}
	left, err := s.count(ctx)
	if err != nil {
		return false, err
	}
	// Indexes and filters of tables come to less than a quarter. What a View could still see that began before is kept, and
	// merging could make as much as there was.
	return s.clock.drops(left.ts) && free >= left.bytes/4*5+memtables*memtableSize+s.space.mark/2, nil
}

// flush has Badger write what is in memory to its tables. No write is under way meanwhile: it would fail.
func (s *Store) flush() error {
	marker := kv.Batch{Puts: []kv.Row{{Key: []byte(flushKey)}}}
	if err := s.write(marker, s.space.mark/2); err != nil {
		return err
	}
	s.pushing.Lock()
	defer s.pushing.Unlock()
	if err := s.clock.broken(); err != nil {
		return fmt.Errorf("badgerkv: flush: %w", err)
	}
	if err := s.engine.flush(flushKey); err != nil {
		err = s.unable(fmt.Errorf("badgerkv: flush: %w", err))
		s.clock.fail(err) // until Badger is open again
		s.breakOff(s.engine, err)
		return err
	}
	return s.wal.sync()
}
