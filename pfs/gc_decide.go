package pfs

import (
	"context"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/schema"
)

const (
	// patience is how often it is tried to find what is in use while nobody gives a name to a commit, before the committer
	// has to wait for it.
	patience = 8
	// dropBatch is how many rows one transaction of a collection deletes.
	dropBatch = 4096
)

// mark finds all that is in use, and then decides, in one moment between two changes, what goes.
func (c *collection) mark(ctx context.Context) error {
	for try := 0; ; try++ {
		names, extra, err := c.names(ctx)
		if err != nil {
			return err
		}
		if err := c.markOnce(ctx, extra); err != nil {
			return err
		}
		if c.opts.DryRun {
			return nil
		}
		decided, err := c.decide(ctx, names, try >= patience)
		if err != nil || decided {
			return err
		}
	}
}

// names returns how many names have been given, and the commits that only memory knows to be in use.
func (c *collection) names(ctx context.Context) (names uint64, extra []schema.ID, err error) {
	s := c.store
	err = s.committer.do(ctx, false, func(*group) error {
		names, extra = s.names, s.heldCommits()
		return nil
	})
	return names, extra, err
}

// heldCommits returns the commits that branches stand at, or will have as parents.
func (s *Store) heldCommits() []schema.ID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var ids []schema.ID
	add := func(b *branch) {
		st := b.state.Load()
		ids = append(ids, st.head.id)
		if st.pending != nil {
			ids = append(ids, st.pending.parents...)
		}
	}
	for _, r := range s.repos {
		for _, b := range r.branches {
			add(b)
		}
		for _, b := range r.open {
			add(b)
		}
		for _, tag := range r.tags {
			ids = append(ids, tag.Commit)
		}
	}
	return ids
}

// markOnce notes all that is in use now, but for what was noted before.
func (c *collection) markOnce(ctx context.Context, extra []schema.ID) error {
	s := c.store
	err := s.kv.View(ctx, func(r kv.Reader) error {
		var err error
		if c.graph, err = readGraph(r, s.opts.Now().Add(-c.opts.Grace)); err != nil {
			return err
		}
		c.graph.spread(extra)
		c.bury()
		if c.dead, err = c.graph.deadRows(r, c.goes); err != nil {
			return err
		}
		return s.markRows(ctx, r, c.graph)
	})
	if err == nil {
		err = s.markLate(ctx)
	}
	for _, class := range []live.Class{live.InUse, live.Waiting} {
		if err == nil {
			err = c.markCommits(ctx, class)
		}
	}
	if err == nil {
		err = s.markLate(ctx)
	}
	return err
}

// goes reports whether a commit is to go.
func (c *collection) goes(k *graphCommit) bool {
	return k.reach == reachExpired || k.reach == reachNone && c.opts.Grace == 0
}

// class is what the commit's files are noted as.
func (c *collection) class(k *graphCommit) live.Class {
	switch {
	case k.reach == reachNamed:
		return live.InUse
	case c.goes(k):
		return live.Doomed
	}
	return live.Waiting
}

// markCommits notes the files of the commits of a class.
func (c *collection) markCommits(ctx context.Context, class live.Class) error {
	s := c.store
	m := &treeMarker{store: s, ctx: ctx, class: class}
	for _, id := range c.graph.sorted(func(k *graphCommit) bool { return c.class(k) == class }) {
		value, err := s.getRow(ctx, schema.CommitKey(id))
		if err != nil {
			return err
		}
		if value == nil {
			continue // thinned out just now
		}
		rec, err := schema.DecodeCommit(value)
		if err != nil {
			return corruptRow("commit "+id.String(), err)
		}
		if err := m.version(&rec.Root, rec.Links); err != nil {
			return wrap("pfs.GC", err, id.String(), "")
		}
	}
	return nil
}

// decide settles what goes, unless a commit was given a name since the mark, or something taken hold of, that is not noted
// yet. From then on nobody finds the commits that go, and what was deleted with them cannot be restored. When patience is
// at an end the mark is made up for here, while all changes wait.
func (c *collection) decide(ctx context.Context, names uint64, now bool) (decided bool, err error) {
	s := c.store
	err = s.committer.do(ctx, true, func(g *group) error {
		if s.names != names {
			if !now {
				return nil
			}
			if err := c.markOnce(ctx, s.heldCommits()); err != nil {
				return err
			}
		}
		for !s.guard.Sweep() {
			if !now {
				return nil
			}
			if err := s.markLate(ctx); err != nil {
				return err
			}
		}
		decided = true
		if c.opts.AfterSalvage {
			g.delete(schema.SalvageKey())
		}
		s.setDoomed(c.graph.sorted(c.goes))
		for _, change := range c.burial {
			if change.value == nil {
				g.delete(change.key)
			} else {
				g.put(change.key, change.value)
			}
		}
		return nil
	})
	if err != nil && decided {
		// Nothing is known to be removed, yet the decision may be on disk: nobody may find what it is about.
		return false, err
	}
	return decided, err
}

// bury settles what becomes of tombstones with this collection: one transaction has room for so many. The rest is found
// again. What a tombstone that is left leads to may stay without it, as the commit that a branch was made from does; then the
// branch can be restored, and its line must be there.
func (c *collection) bury() {
	c.report.Deleted = 0
	c.burial = c.buried()
	if len(c.burial) <= dropBatch {
		return
	}
	c.burial = c.burial[:dropBatch]
	gone := make(map[string]bool, dropBatch)
	for _, change := range c.burial {
		gone[string(change.key)] = change.value == nil
	}
	for _, t := range c.graph.tombs {
		if !gone[string(t.key)] {
			c.graph.lines[t.line] = true
		}
	}
}

// rowChange is a row to be put, or deleted when the value is nil.
type rowChange struct{ key, value []byte }

// buried returns what becomes of tombstones: the expired ones go, but for a trace of the commits that they led to, so that
// one that is interrupted can go on; and what was left behind, by a reset say, gets one.
func (c *collection) buried() []rowChange {
	var changes []rowChange
	for _, t := range c.graph.tombs {
		k := c.graph.commits[t.commit]
		kept := t.kind == schema.CommitPrefix()[0]
		switch {
		case kept && k != nil && c.goes(k):
		case kept && (k == nil || k.reach == reachNamed), t.expired:
			changes = append(changes, rowChange{key: t.key})
		}
		if !kept && t.expired {
			c.report.Deleted++
			if k != nil && c.goes(k) {
				changes = append(changes, traceOf(t.commit, k, 0))
			}
		}
	}
	for _, key := range c.graph.orphans {
		changes = append(changes, rowChange{key: key})
	}
	if c.opts.Grace > 0 {
		now := c.store.opts.Now().UnixNano()
		for _, id := range c.graph.left() {
			changes = append(changes, traceOf(id, c.graph.commits[id], now))
		}
	}
	return changes
}

// traceOf returns the tombstone of a commit to which nothing leads since a time.
func traceOf(id schema.ID, k *graphCommit, since int64) rowChange {
	rec := schema.TombstoneRecord{}
	return rowChange{schema.TombKey(k.repo, schema.CommitPrefix()[0], id.String(), since), rec.Append(nil)}
}

// setDoomed makes commits unfindable. It is called in the committer.
func (s *Store) setDoomed(ids []schema.ID) {
	doomed := make(map[schema.ID]struct{}, len(ids))
	for _, id := range ids {
		doomed[id] = struct{}{}
	}
	s.doomed.Store(&doomed)
	for _, id := range ids {
		s.commits.Remove(id)
	}
}

// isDoomed reports whether a commit is about to go, or has gone.
func (s *Store) isDoomed(id schema.ID) bool {
	doomed := s.doomed.Load()
	if doomed == nil {
		return false
	}
	_, ok := (*doomed)[id]
	return ok
}

// confirm fails when a commit that was found before the committer's turn came has gone meanwhile.
func (g *group) confirm(ctx context.Context, op string, c *commit) error {
	there := !g.store.isDoomed(c.id)
	if there && g.rows[string(schema.CommitKey(c.id))] == nil {
		value, err := g.store.getRow(ctx, schema.CommitKey(c.id))
		if err != nil {
			return wrap(op, err, c.id.String(), "")
		}
		there = value != nil
	}
	if !there {
		return &Error{Op: op, Kind: KindCommitNotFound, Ref: c.id.String()}
	}
	return nil
}

// deadRows are rows that have no commit, or soon will have none.
type deadRows struct {
	// lines are unused, and places the sequence numbers without a commit on others.
	lines  []uint64
	places map[uint64][]uint64
	// aliases and moves are keys of rows that lead to none, or tell of lines that are of no account any more.
	aliases, moves [][]byte
}

// deadRows finds the rows of lines, places and aliases that go when the commits do for which goes says so.
func (g *graph) deadRows(r kv.Reader, goes func(*graphCommit) bool) (deadRows, error) {
	d := deadRows{places: map[uint64][]uint64{}}
	used := map[uint64]bool{}
	for _, k := range g.commits {
		if !goes(k) {
			used[k.line] = true
		}
	}
	err := eachRow(r, schema.LinePrefix(), func(row kv.Row) error {
		if line, ok := schema.ParseLineKey(row.Key); ok && !used[line] && !g.lines[line] {
			d.lines = append(d.lines, line)
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	err = eachRow(r, schema.AllSeqs(), func(row kv.Row) error {
		line, ok := schema.ParseLineKey(row.Key)
		seq, ok2 := schema.ParseSeqKey(row.Key)
		if !ok || !ok2 || len(row.Value) != len(schema.ID{}) {
			return corruptRow("place", schema.ErrInvalid)
		}
		if k := g.commits[schema.ID(row.Value)]; k == nil || goes(k) {
			d.places[line] = append(d.places[line], seq)
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	if err := g.deadMoves(r, used, &d); err != nil {
		return d, err
	}
	return d, g.deadAliases(r, goes, &d)
}

func (g *graph) deadAliases(r kv.Reader, goes func(*graphCommit) bool, d *deadRows) error {
	to := map[schema.ID]schema.ID{}
	err := eachRow(r, schema.AliasPrefix(), func(row kv.Row) error {
		if len(row.Value) != len(schema.ID{}) {
			return corruptRow("alias", schema.ErrInvalid)
		}
		to[schema.ID(row.Key[1:])] = schema.ID(row.Value)
		return nil
	})
	for id := range to {
		end := id
		for range to {
			next, ok := to[end]
			if !ok {
				break
			}
			end = next
		}
		if k := g.commits[end]; k == nil || goes(k) {
			d.aliases = append(d.aliases, schema.AliasKey(id))
		}
	}
	slices.SortFunc(d.aliases, slices.Compare)
	return err
}
