package cas

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"lukechampine.com/blake3"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/schema"
)

// seenRecord is the kind under which a Guard notes that a record's children have been noted, too.
const seenRecord = 'W'

// InUse is what operations rely on at one moment that no name leads to.
type InUse struct {
	// roots are pinned or held contents and parts, and records that running operations have found or made.
	roots []schema.Hash
	// chunks are those that running operations have found or made.
	chunks []schema.Hash
	// unsaved are the keys of rows that are not in kv yet. What they refer to may never come to be.
	unsaved []string
}

// InUse returns what must be marked besides all that names lead to. What comes into use later is told to the Guard.
func (s *Store) InUse() InUse {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := InUse{
		roots:   slices.AppendSeq(slices.Collect(maps.Keys(s.pins)), maps.Keys(s.holds)),
		unsaved: slices.Collect(maps.Keys(s.unsaved)),
	}
	for b := range s.running {
		u.roots = append(append(u.roots, b.held.records...), b.held.bases...)
		u.chunks = append(u.chunks, b.held.chunks...)
	}
	return u
}

// MarkInUse notes all that u leads to.
func (s *Store) MarkInUse(ctx context.Context, u InUse) error {
	for _, h := range u.chunks {
		s.guard.Mark(printOf(schema.ChunkRows()[0], h), live.InUse)
	}
	for _, key := range u.unsaved {
		s.guard.Mark(live.PrintOf([]byte(key)), live.InUse)
	}
	loose := marker{s: s, ctx: ctx, loose: true}
	for _, root := range u.roots {
		if err := loose.root(root); err != nil {
			return err
		}
	}
	for _, key := range u.unsaved {
		if key[0] != schema.WindowRows()[0] {
			continue
		}
		if err := loose.record(schema.Hash([]byte(key[1:]))); err != nil {
			return err
		}
	}
	return nil
}

// MarkRoot notes the content or part with the given root and all that it refers to. It returns ErrCorrupt when some of it
// cannot be read.
func (s *Store) MarkRoot(ctx context.Context, root schema.Hash, class live.Class) error {
	m := marker{s: s, ctx: ctx, class: class}
	return m.root(root)
}

// Mark is MarkRoot of a content.
func (s *Store) Mark(ctx context.Context, c schema.Content, class live.Class) error {
	m := marker{s: s, ctx: ctx, class: class}
	switch c.Kind {
	case schema.RootEmpty:
		return nil
	case schema.RootChunk:
		return m.chunk(c.Root)
	}
	return m.record(c.Root)
}

// marker notes contents with the Guard.
type marker struct {
	s     *Store
	ctx   context.Context
	class live.Class
	// loose is set when records that are not there are nothing to complain of.
	loose bool
	// keep is set during a sweep: each row is told of and then looked for, since it may be gone.
	keep bool
}

func printOf(kind byte, h schema.Hash) live.Print {
	return live.Of(kind, binary.BigEndian.Uint64(h[:]))
}

// root notes what has the given root, of which it is not known whether that is a chunk or a record.
func (m *marker) root(h schema.Hash) error {
	if h.IsZero() {
		return nil
	}
	err := m.s.view(m.ctx, schema.WindowKey(h), func([]byte) error { return nil })
	if errors.Is(err, kv.ErrNotFound) {
		return m.chunk(h)
	}
	if err != nil {
		return err
	}
	return m.record(h)
}

func (m *marker) chunk(h schema.Hash) error {
	if !m.keep {
		m.s.guard.Mark(printOf(schema.ChunkRows()[0], h), m.class)
		return nil
	}
	key := schema.ChunkKey(h)
	if err := m.s.guard.Touch(m.ctx, key); err != nil {
		return err
	}
	err := m.s.view(m.ctx, key, func([]byte) error { return nil })
	if errors.Is(err, kv.ErrNotFound) {
		return corrupt("chunk", h, "it is gone")
	}
	return err
}

// record notes a window or node and all below it.
func (m *marker) record(h schema.Hash) error {
	if m.keep {
		return m.keepRecord(h)
	}
	m.s.guard.Mark(printOf(schema.WindowRows()[0], h), m.class)
	if !m.s.guard.Mark(printOf(seenRecord, h), live.Seen) {
		return nil
	}
	err := m.below(h)
	if m.loose && errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	if errors.Is(err, kv.ErrNotFound) {
		err = corrupt("record", h, "there is no such row")
	}
	return err
}

// keepRecord tells of a record only when all below it was told of and found, so that one which is known is wholly there.
func (m *marker) keepRecord(h schema.Hash) error {
	if c, ok := m.s.guard.Get(printOf(schema.WindowRows()[0], h)); ok && c <= live.Waiting {
		return nil
	}
	err := m.below(h)
	if err == nil {
		err = m.s.guard.Touch(m.ctx, schema.WindowKey(h))
	}
	if err == nil {
		err = m.s.view(m.ctx, schema.WindowKey(h), func([]byte) error { return nil })
	}
	if errors.Is(err, kv.ErrNotFound) {
		err = corrupt("record", h, "it is gone")
	}
	return err
}

// below notes what a record refers to.
func (m *marker) below(h schema.Hash) error {
	chunks, records, err := m.s.refs(m.ctx, h)
	for _, c := range chunks {
		if err == nil {
			err = m.chunk(c)
		}
	}
	for _, r := range records {
		if err == nil {
			err = m.record(r)
		}
	}
	return err
}

// refs returns the chunks and the records that a record refers to.
func (s *Store) refs(ctx context.Context, h schema.Hash) (chunks, records []schema.Hash, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	err = s.view(ctx, schema.WindowKey(h), func(value []byte) error {
		if schema.Hash(blake3.Sum256(value)) != h {
			return corrupt("record", h, "the row has other bytes")
		}
		var err error
		chunks, records, err = Refs(value)
		return err
	})
	return chunks, records, err
}

// Refs returns the hashes of the chunks and the records that the row of a record refers to, or ErrCorrupt.
func Refs(value []byte) (chunks, records []schema.Hash, err error) {
	if len(value) > 0 && value[0] == tagWindow {
		w, err := decodeWindow(value)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		for _, e := range w.extents {
			if !e.hole() {
				chunks = append(chunks, e.hash)
			}
		}
		return chunks, nil, nil
	}
	n, err := decodeNode(value)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	for _, c := range n.children {
		if !c.hash.IsZero() {
			records = append(records, c.hash)
		}
	}
	return nil, records, nil
}

// LevelOf returns the level of a record of an offset tree, given its row: 0 for a window, and for what is no such row.
func LevelOf(value []byte) int {
	if len(value) < 2 || value[0] != tagNode {
		return 0
	}
	return min(int(value[1]), maxLevel)
}
