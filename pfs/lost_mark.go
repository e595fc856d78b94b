package pfs

import (
	"context"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/schema"
)

// nameMarks notes the rows of contents that a commit, something pending or an upload leads to, as InUse, and those that only a
// chunk list leads to that nothing leads to, as Seen. Where something cannot be read it goes on. It is a tree.Marker and a
// tree.Skipper, for one goroutine, and takes 11 to 22 bytes of memory a row.
type nameMarks struct {
	store *Store
	ctx   context.Context
	rows  *live.Set
}

// Enter implements tree.Marker.
func (m *nameMarks) Enter(h schema.Hash) bool { return m.rows.Add(nodePrint(seenNode, h), live.Seen) }

// Row implements tree.Marker.
func (m *nameMarks) Row(schema.Hash) {}

// Skip implements tree.Skipper. What is below counts as lost.
func (m *nameMarks) Skip(error) {}

// Entry implements tree.Marker.
func (m *nameMarks) Entry(e *schema.Entry) error {
	if e.Kind != EntryFile {
		return nil
	}
	return m.content(e.Content)
}

func (m *nameMarks) content(c Content) error {
	if c.Root.IsZero() {
		return nil
	}
	if c.Kind == schema.RootChunk {
		m.rows.Raise(live.PrintOf(schema.ChunkKey(c.Root)))
		return nil
	}
	return m.record(c.Root)
}

// record notes a chunk list and all that it leads to.
func (m *nameMarks) record(h schema.Hash) error {
	key := schema.WindowKey(h)
	if !m.rows.Add(live.PrintOf(key), live.InUse) {
		return nil
	}
	value, err := m.store.getRow(m.ctx, key)
	if err != nil || value == nil {
		return err
	}
	chunks, records, err := cas.Refs(value)
	if err != nil {
		return nil // nothing is known of what it led to
	}
	for _, c := range chunks {
		m.rows.Add(live.PrintOf(schema.ChunkKey(c)), live.InUse)
	}
	for _, r := range records {
		if err := m.record(r); err != nil {
			return err
		}
	}
	return nil
}

// part notes a part of an upload, whose root is a chunk list.
func (m *nameMarks) part(row kv.Row) error {
	rec, err := schema.DecodePart(row.Value)
	if err != nil {
		return nil
	}
	part, err := cas.DecodePart(rec.Part)
	if err != nil || part.Root.IsZero() {
		return nil
	}
	return m.record(part.Root)
}

// version notes the files of a version.
func (m *nameMarks) version(root *Entry, links schema.Hash) error {
	for _, h := range []schema.Hash{root.Root, links} {
		if err := m.store.trees.MarkRoot(m.ctx, h, m); err != nil {
			return err
		}
	}
	return nil
}

func (m *nameMarks) commit(row kv.Row) error {
	rec, err := schema.DecodeCommit(row.Value)
	if err != nil {
		return nil
	}
	return m.version(&rec.Root, rec.Links)
}

func (m *nameMarks) branch(row kv.Row) error {
	rec, err := schema.DecodeBranch(row.Value)
	if err != nil || rec.Pending == nil {
		return nil
	}
	return m.version(&rec.Pending.Root, rec.Pending.Links)
}

func (m *nameMarks) open(row kv.Row) error {
	rec, err := schema.DecodeOpenCommit(row.Value)
	if err != nil || rec.State.Pending == nil {
		return nil
	}
	return m.version(&rec.State.Pending.Root, rec.State.Pending.Links)
}

// listed notes what a chunk list leads to.
func (m *nameMarks) listed(row kv.Row) error {
	chunks, records, err := cas.Refs(row.Value)
	if err != nil {
		return nil
	}
	for _, c := range chunks {
		m.rows.Add(live.PrintOf(schema.ChunkKey(c)), live.Seen)
	}
	for _, r := range records {
		m.rows.Add(live.PrintOf(schema.WindowKey(r)), live.Seen)
	}
	return nil
}

// all notes everything.
func (m *nameMarks) all() error {
	for _, kind := range []struct {
		prefix []byte
		mark   func(kv.Row) error
	}{
		{schema.CommitPrefix(), m.commit}, {schema.AllBranches(), m.branch}, {schema.OpenPrefix(), m.open},
		{schema.AllParts(), m.part}, {schema.WindowRows(), m.listed},
	} {
		err := m.store.scan(m.ctx, kind.prefix, func(rows []kv.Row) error {
			for _, row := range rows {
				if err := kind.mark(row); err != nil {
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
