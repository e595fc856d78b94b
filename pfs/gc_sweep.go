package pfs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/schema"
)

const (
	// scanBatch is how many rows are looked at in one view, so that none is held for long.
	scanBatch = 4096
	// scanBytes bounds the keys of one batch, in bytes.
	scanBytes = 1 << 20
)

// deleter gathers rows to be deleted, and deletes them in transactions.
type deleter struct {
	store *Store
	batch kv.Batch
	size  int
}

func (d *deleter) delete(ctx context.Context, key []byte) error {
	d.batch.Deletes = append(d.batch.Deletes, key)
	d.size += len(key)
	if len(d.batch.Deletes) < dropBatch && d.size < scanBytes {
		return nil
	}
	return d.flush(ctx)
}

func (d *deleter) flush(ctx context.Context) error {
	if len(d.batch.Deletes) == 0 {
		return nil
	}
	err := d.store.kv.Commit(ctx, d.batch)
	d.batch, d.size = kv.Batch{}, 0
	return err
}

// tellCauses notes what the commits that go lead to, so that it can be told from what nothing leads to. What of it cannot be
// read, since an interrupted collection has removed some, is of no account.
func (c *collection) tellCauses(ctx context.Context) error {
	ids := c.graph.sorted(c.goes)
	c.report.Commits = int64(len(ids))
	m := &treeMarker{store: c.store, ctx: ctx, class: live.Doomed}
	for _, id := range ids {
		value, err := c.store.getRow(ctx, schema.CommitKey(id))
		if err != nil {
			return err
		}
		if rec, err := schema.DecodeCommit(value); err == nil {
			err = m.version(&rec.Root, rec.Links)
			if err != nil && KindOf(err) != KindCorrupt {
				return err
			}
		}
	}
	return nil
}

// dropHistory removes the records of the commits that go, children before their parents, so that one which is left by an
// interruption has all that it refers to. Those are found again by a tombstone that goes along with each step.
func (c *collection) dropHistory(ctx context.Context) error {
	ids := c.graph.sorted(c.goes)
	traced := map[schema.ID]bool{}
	for len(ids) > 0 {
		n := min(len(ids), dropBatch/4)
		batch := kv.Batch{}
		gone := map[schema.ID]bool{}
		for _, id := range ids[:n] {
			gone[id] = true
			batch.Deletes = append(batch.Deletes, schema.CommitKey(id))
			if traced[id] {
				batch.Deletes = append(batch.Deletes, traceOf(id, c.graph.commits[id], 0).key)
			}
		}
		for id := range gone {
			for _, parent := range c.graph.commits[id].parents {
				k := c.graph.commits[parent]
				if k == nil || gone[parent] || traced[parent] || !c.goes(k) {
					continue
				}
				traced[parent] = true
				trace := traceOf(parent, k, 0)
				batch.Puts = append(batch.Puts, kv.Row{Key: trace.key, Value: trace.value})
			}
		}
		if err := c.store.kv.Commit(ctx, batch); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return c.dropTraces(ctx)
}

// dropTraces removes the tombstones of commits that have gone.
func (c *collection) dropTraces(ctx context.Context) error {
	var keys [][]byte
	err := c.store.kv.View(ctx, func(r kv.Reader) error {
		return eachRow(r, schema.TombPrefix(), func(row kv.Row) error {
			t, err := tombOf(kv.Row{Key: slices.Clone(row.Key), Value: row.Value})
			if err != nil || t.kind != schema.CommitPrefix()[0] {
				return err
			}
			if _, err := r.Get(schema.CommitKey(t.commit)); errors.Is(err, kv.ErrNotFound) {
				keys = append(keys, t.key)
			}
			return nil
		})
	})
	d := deleter{store: c.store}
	for _, key := range keys {
		if err == nil {
			err = d.delete(ctx, key)
		}
	}
	return cmp.Or(err, d.flush(ctx))
}

// dropIndex removes the rows of the path index of places without a commit, then the places, then the lines that are unused;
// in this order, so that after an interruption a place or line is left by which the others are found.
func (c *collection) dropIndex(ctx context.Context) error {
	d := &deleter{store: c.store}
	unused := map[uint64]bool{}
	for _, line := range c.dead.lines {
		unused[line] = true
	}
	for line, seqs := range c.dead.places {
		if unused[line] {
			continue
		}
		dead := map[uint64]bool{}
		for _, seq := range seqs {
			dead[seq] = true
		}
		if err := c.dropRowsOf(ctx, d, line, func(seq uint64) bool { return dead[seq] }); err != nil {
			return err
		}
	}
	for _, line := range c.dead.lines {
		if err := c.dropRowsOf(ctx, d, line, func(uint64) bool { return true }); err != nil {
			return err
		}
	}
	if err := d.flush(ctx); err != nil {
		return err
	}
	for line, seqs := range c.dead.places {
		for _, seq := range seqs {
			if err := d.delete(ctx, schema.SeqKey(line, seq)); err != nil {
				return err
			}
		}
	}
	for _, key := range slices.Concat(c.dead.aliases, c.dead.moves) {
		if err := d.delete(ctx, key); err != nil {
			return err
		}
	}
	if err := d.flush(ctx); err != nil {
		return err
	}
	for _, line := range c.dead.lines {
		if err := d.delete(ctx, schema.LineKey(line)); err != nil {
			return err
		}
	}
	return d.flush(ctx)
}

// dropRowsOf removes the rows of the path index of a line at the places for which dead says so.
func (c *collection) dropRowsOf(ctx context.Context, d *deleter, line uint64, dead func(seq uint64) bool) error {
	for _, prefix := range [][]byte{schema.PathRowsOf(line), schema.SubtreeRowsOf(line)} {
		err := c.scan(ctx, prefix, func(rows []kv.Row) error {
			for _, row := range rows {
				_, _, seq, ok := schema.ParseIndexKey(row.Key)
				if !ok || !dead(seq) {
					continue
				}
				if err := d.delete(ctx, row.Key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scan calls fn with copies of all rows of a prefix, some at a time and each time from a new view, which fn may change.
func (c *collection) scan(ctx context.Context, prefix []byte, fn func(rows []kv.Row) error) error {
	return c.store.scan(ctx, prefix, fn)
}

// scan is that of a collection.
func (s *Store) scan(ctx context.Context, prefix []byte, fn func(rows []kv.Row) error) error {
	for from, more := prefix, true; more; {
		var rows []kv.Row
		err := s.kv.View(ctx, func(r kv.Reader) error {
			rows, more = nil, false
			size := 0
			for row, err := range r.Scan(prefix, from, false) {
				if err != nil {
					return err
				}
				rows = append(rows, kv.Row{Key: bytes.Clone(row.Key), Value: bytes.Clone(row.Value)})
				if size += row.Size(); len(rows) == scanBatch || size >= scanBytes {
					more = true
					return nil
				}
			}
			return nil
		})
		if err == nil {
			err = fn(rows)
		}
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			from = append(rows[len(rows)-1].Key, 0)
		}
	}
	return nil
}

// sweep removes the content-addressed rows that nothing leads to, each before what it refers to: so that one which is there
// is there with all that belongs to it, whenever the sweep ends.
func (c *collection) sweep(ctx context.Context) error {
	if err := c.sweepNodes(ctx); err != nil {
		return err
	}
	for _, prefix := range [][]byte{schema.NodeRows(), schema.WindowRows(), schema.ChunkRows()} {
		err := c.scan(ctx, prefix, func(rows []kv.Row) error { return c.sweepRows(ctx, rows) })
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepNodes removes the nodes of offset trees, from the top down. There is one for 4 GiB of a file.
func (c *collection) sweepNodes(ctx context.Context) error {
	var levels [][]kv.Row
	err := c.scan(ctx, schema.WindowRows(), func(rows []kv.Row) error {
		for _, row := range rows {
			level := cas.LevelOf(row.Value)
			if _, stays := c.stays(row.Key); stays || level == 0 {
				continue
			}
			for len(levels) <= level {
				levels = append(levels, nil)
			}
			levels[level] = append(levels[level], row)
		}
		return nil
	})
	for i := len(levels) - 1; i >= 0 && err == nil; i-- {
		for rows := range slices.Chunk(levels[i], scanBatch) {
			if err == nil {
				err = c.sweepRows(ctx, rows)
			}
		}
	}
	return err
}

// stays returns why a row is there, and whether it stays.
func (c *collection) stays(key []byte) (live.Class, bool) {
	class, ok := c.store.guard.Get(live.PrintOf(key))
	return class, ok && class <= live.Waiting
}

// sweepRows counts rows by their causes and removes those that go.
func (c *collection) sweepRows(ctx context.Context, rows []kv.Row) error {
	var candidates [][]byte
	sizes := map[string]int64{}
	for _, row := range rows {
		if class, stays := c.stays(row.Key); stays {
			c.tally(row.Key, class, sizeOf(row))
			continue
		}
		candidates = append(candidates, row.Key)
		sizes[string(row.Key)] = sizeOf(row)
	}
	if len(candidates) == 0 {
		return nil
	}
	dead, release := c.store.guard.Claim(candidates)
	defer release()
	if len(dead) == 0 {
		return nil
	}
	if err := c.store.kv.Commit(ctx, kv.Batch{Deletes: dead}); err != nil {
		return err
	}
	for _, key := range dead {
		class, ok := c.store.guard.Get(live.PrintOf(key))
		if !ok {
			class = live.Seen
		}
		c.tally(key, class, sizes[string(key)])
	}
	return nil
}

// count counts rows by their causes.
func (c *collection) count(ctx context.Context) error {
	for _, prefix := range [][]byte{schema.NodeRows(), schema.WindowRows(), schema.ChunkRows()} {
		err := c.scan(ctx, prefix, func(rows []kv.Row) error {
			for _, row := range rows {
				class, ok := c.store.guard.Get(live.PrintOf(row.Key))
				if !ok {
					class = live.Seen
				}
				c.tally(row.Key, class, sizeOf(row))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return c.countPacks(ctx)
}

// tally adds a row to what is counted for its cause; live.Seen stands for none.
func (c *collection) tally(key []byte, class live.Class, size int64) {
	switch class {
	case live.InUse:
		c.report.Live.add(size)
	case live.Waiting:
		c.report.Waiting.add(size)
	case live.Doomed:
		c.report.History.add(size)
	default:
		c.report.Unlinked.add(size)
	}
}

// sizeOf is what a row takes, with the bytes in a pack that it stands for.
func sizeOf(row kv.Row) int64 {
	size := int64(row.Size())
	if row.Key[0] != schema.ChunkRows()[0] {
		return size
	}
	if loc, packed, err := cas.PlaceOf(row.Value); err == nil && packed {
		size += loc.RecordSize()
	}
	return size
}
