package pfs

import (
	"context"
	"encoding/binary"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/schema"
)

// seenNode is the kind under which the Guard notes that what is in a tree node has been noted, too.
const seenNode = 'N'

// treeMarker notes trees, and the contents of their files, with the Guard. It is a tree.Marker.
type treeMarker struct {
	store *Store
	ctx   context.Context
	class live.Class
}

func nodePrint(kind byte, h schema.Hash) live.Print {
	return live.Of(kind, binary.BigEndian.Uint64(h[:]))
}

// Enter implements tree.Marker.
func (m *treeMarker) Enter(h schema.Hash) bool {
	return m.store.guard.Mark(nodePrint(seenNode, h), live.Seen)
}

// Row implements tree.Marker.
func (m *treeMarker) Row(h schema.Hash) {
	m.store.guard.Mark(nodePrint(schema.NodeRows()[0], h), m.class)
}

// Entry implements tree.Marker.
func (m *treeMarker) Entry(e *schema.Entry) error {
	if e.Kind != EntryFile {
		return nil
	}
	return m.store.contents.Mark(m.ctx, e.Content, m.class)
}

// version notes a version by its stored roots.
func (m *treeMarker) version(root *Entry, links schema.Hash) error {
	for _, h := range []schema.Hash{root.Root, links} {
		if err := m.store.trees.MarkRoot(m.ctx, h, m); err != nil {
			return err
		}
	}
	return nil
}

// markRows notes what the rows of a view lead to other than by way of commits: what is pending, and parts of uploads.
func (s *Store) markRows(ctx context.Context, r kv.Reader, g *graph) error {
	m := &treeMarker{store: s, ctx: ctx, class: live.InUse}
	pending := func(rec schema.BranchRecord) error {
		if rec.Pending == nil {
			return nil
		}
		return m.version(&rec.Pending.Root, rec.Pending.Links)
	}
	err := eachRow(r, schema.AllBranches(), func(row kv.Row) error {
		rec, err := schema.DecodeBranch(row.Value)
		if err != nil {
			return corruptRow("branch", err)
		}
		return pending(rec)
	})
	if err != nil {
		return err
	}
	err = eachRow(r, schema.OpenPrefix(), func(row kv.Row) error {
		rec, err := schema.DecodeOpenCommit(row.Value)
		if err != nil {
			return corruptRow("open commit", err)
		}
		if !g.repos[rec.Repo] {
			return nil
		}
		return pending(rec.State)
	})
	if err != nil {
		return err
	}
	return eachRow(r, schema.AllParts(), func(row kv.Row) error {
		rec, err := schema.DecodePart(row.Value)
		if err != nil {
			return corruptRow("part of an upload", err)
		}
		part, err := cas.DecodePart(rec.Part)
		if err != nil {
			return err
		}
		return s.contents.MarkRoot(ctx, part.Root, live.InUse)
	})
}

// eachRow calls fn with every row of a prefix, which is valid until fn returns.
func eachRow(r kv.Reader, prefix []byte, fn func(row kv.Row) error) error {
	for row, err := range r.Scan(prefix, nil, false) {
		if err == nil {
			err = fn(row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// markLate notes what was taken hold of since the mark began.
func (s *Store) markLate(ctx context.Context) error {
	for late := s.guard.TakeLate(); len(late) > 0; late = s.guard.TakeLate() {
		for _, walk := range late {
			if err := walk(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
