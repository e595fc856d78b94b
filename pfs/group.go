package pfs

import (
	"context"
	"errors"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// groupBytes and groupRows are how many bytes of records, and how many, a group gathers before it takes no further request.
const (
	groupBytes = 1 << 20
	groupRows  = kv.MaxCommitRows / 4
)

// group is a set of requests that are stored by one transaction of the key-value store, or not at all. Readers see
// nothing of it before that. It belongs to the committer's goroutine.
type group struct {
	store *Store
	now   int64
	// counters are the store's, as they will be.
	counters schema.StoreRecord
	works    map[*branch]*working
	order    []*working
	// rows are the records to be written; a nil value deletes.
	rows  map[string][]byte
	bytes int
	// saved are the directories that the group stores, nil before the first; what they share is seen to once. The rows of
	// their nodes are content-addressed and may be written ahead of the transaction.
	saved *tree.Saved
	// needs are the features of the format that the rows need.
	needs needs
	// links are the roots of the parts that the group parks.
	links []schema.Hash
	// publish is called once everything is stored.
	publish []func()
}

func newGroup(s *Store) *group {
	return &group{
		store: s, now: s.opts.Now().UnixNano(), counters: s.counters,
		works: map[*branch]*working{}, rows: map[string][]byte{},
	}
}

// full reports whether the group should be written before more is added to it.
func (g *group) full() bool { return g.bytes > groupBytes || len(g.rows) > groupRows }

// put sets a record.
func (g *group) put(key, value []byte) {
	g.bytes += len(key) + len(value)
	g.rows[string(key)] = value
}

// delete removes a record.
func (g *group) delete(key []byte) {
	g.bytes += len(key)
	g.rows[string(key)] = nil
}

// saveDir adds the nodes of a directory that are not stored yet, and returns its hash.
func (g *group) saveDir(ctx context.Context, d *tree.Dir) (schema.Hash, error) {
	if g.saved == nil {
		saved, err := g.store.trees.Save(ctx)
		if err != nil {
			return schema.Hash{}, err
		}
		g.saved = saved
	}
	return g.saved.Add(ctx, d)
}

// hashOf returns the hash of a directory that is stored, or will be with the group.
func (g *group) hashOf(d *tree.Dir) schema.Hash {
	if g.saved != nil {
		return g.saved.Root(d)
	}
	return storedRoot(d)
}

// get returns a record as it will be after the group, nil when there is none.
func (g *group) get(ctx context.Context, key []byte) ([]byte, error) {
	if value, ok := g.rows[string(key)]; ok {
		return value, nil
	}
	return g.store.getRow(ctx, key)
}

// workOn returns the working state of a branch in this group.
func (g *group) workOn(b *branch) *working {
	w := g.works[b]
	if w == nil {
		w = &working{group: g, branch: b, state: *b.state.Load()}
		g.works[b] = w
		g.order = append(g.order, w)
	}
	return w
}

// nextChange allocates the id and generation of a commit.
func (g *group) nextChange() (schema.Change, error) {
	id, err := g.store.newID()
	if err != nil {
		return schema.Change{}, err
	}
	g.counters.Gen++
	return schema.Change{Commit: id, Gen: g.counters.Gen}, nil
}

// commit stores what the group holds and shows it to readers. On an error nothing has changed for them.
func (g *group) commit(ctx context.Context) error {
	err := g.seal(ctx)
	if err == nil && len(g.rows) > 0 {
		err = g.write(ctx)
	}
	if err != nil {
		return wrap("pfs.Commit", err, "", "")
	}
	g.store.counters = g.counters
	if g.saved != nil {
		g.saved.Commit()
	}
	for _, publish := range g.publish {
		publish()
	}
	for _, w := range g.order {
		w.publish()
	}
	return nil
}

// seal makes the commits that the group owes and the records of their branches.
func (g *group) seal(ctx context.Context) error {
	for _, w := range g.order {
		if err := w.seal(ctx); err != nil {
			return err
		}
	}
	if len(g.rows) > 0 {
		g.put(schema.MetaKey(), g.counters.Append(nil))
	}
	return nil
}

// write makes contents durable, then writes every row in one transaction. Content-addressed rows for which that has no room
// go ahead of it.
func (g *group) write(ctx context.Context) error {
	flush, err := g.store.contents.Pending(ctx)
	if err != nil {
		return err
	}
	if err = g.verifyAll(ctx); err == nil {
		err = g.store.format.need(g.needs)
	}
	if err == nil {
		shared := flush.Rows
		if g.saved != nil {
			shared = slices.Concat(g.saved.Rows, shared)
		}
		err = g.writeRows(ctx, shared)
	}
	flush.Done(err == nil)
	return err
}

// verifyAll fails when a content or part that is about to be linked has been lost on its way to the disk.
func (g *group) verifyAll(ctx context.Context) error {
	for _, w := range g.order {
		if err := g.verify(ctx, w.links); err != nil {
			return err
		}
	}
	return g.verify(ctx, g.links)
}

// verify fails when one of the contents with these roots is known to be lost, or is gone.
func (g *group) verify(ctx context.Context, roots []schema.Hash) error {
	for _, root := range roots {
		if err := g.store.contents.Verify(ctx, root); err != nil {
			return wrap("pfs.Commit", err, "", "")
		}
	}
	return nil
}

func (g *group) writeRows(ctx context.Context, shared []kv.Row) error {
	batch := kv.Batch{Puts: make([]kv.Row, 0, len(g.rows)+len(shared))}
	size := 0
	for key, value := range g.rows {
		size += len(key) + len(value)
		if value == nil {
			batch.Deletes = append(batch.Deletes, []byte(key))
		} else {
			batch.Puts = append(batch.Puts, kv.Row{Key: []byte(key), Value: value})
		}
	}
	for _, row := range shared {
		size += row.Size()
	}
	if size > kv.MaxCommit || len(g.rows)+len(shared) > kv.MaxCommitRows {
		if err := g.store.kv.Put(ctx, shared); err != nil {
			return err
		}
		shared = nil
	}
	batch.Puts = append(batch.Puts, shared...)
	slices.SortFunc(batch.Puts, func(a, b kv.Row) int { return slices.Compare(a.Key, b.Key) })
	batch.Puts = slices.CompactFunc(batch.Puts, func(a, b kv.Row) bool { return slices.Equal(a.Key, b.Key) })
	return g.store.kv.Commit(ctx, batch)
}

// getRow returns a copy of the value of a row, nil when there is none.
func (s *Store) getRow(ctx context.Context, key []byte) ([]byte, error) {
	var value []byte
	err := s.kv.View(ctx, func(r kv.Reader) error {
		v, err := r.Get(key)
		value = slices.Clone(v)
		return err
	})
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	return value, err
}
