package pfs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"lukechampine.com/blake3"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

const (
	// moveBytes is how many bytes compaction copies before it syncs them and points rows at them.
	moveBytes = 32 << 20
	// mostShare and someShare are what part of all live bytes in packs, one in so many, may be left in vain.
	mostShare, someShare = 32, 8
	// deadFloor is how many bytes may be left in vain however little is live.
	deadFloor = 4 << 20
)

// packUse is what of a pack is named by rows.
type packUse struct {
	id    uint64
	size  int64
	alive int64
	rows  int64
}

func (u *packUse) dead() int64 { return u.size - u.alive }

// packUses returns what rows name of each pack that could be removed.
func (c *collection) packUses(ctx context.Context) (map[uint64]*packUse, error) {
	uses := map[uint64]*packUse{}
	for _, p := range c.store.packs.Packs() {
		if p.Sealed {
			uses[p.ID] = &packUse{id: p.ID, size: p.Size - pack.HeaderSize}
		}
	}
	err := c.scan(ctx, schema.ChunkRows(), func(rows []kv.Row) error {
		for _, row := range rows {
			loc, packed, err := cas.PlaceOf(row.Value)
			if err != nil {
				return wrap("pfs.GC", err, "", "")
			}
			if u := uses[loc.Pack]; packed && u != nil {
				u.alive += loc.RecordSize()
				u.rows++
			}
		}
		return nil
	})
	return uses, err
}

// countPacks counts what of packs is in vain, beyond what is named by rows that stay.
func (c *collection) countPacks(ctx context.Context) error {
	uses, err := c.packUses(ctx)
	for _, u := range uses {
		c.report.PackDead += max(0, u.dead())
	}
	return err
}

// compact removes packs of which nothing is named any more, and moves what is still named out of those of which little is.
func (c *collection) compact(ctx context.Context) error {
	s := c.store
	s.packs.Seal()
	uses, err := c.packUses(ctx)
	if err != nil {
		return err
	}
	ids := map[uint64]bool{}
	for id, u := range uses {
		ids[id] = true
		c.report.PackDead += max(0, u.dead())
	}
	for id := range s.contents.Moving(ids) {
		delete(uses, id)
	}
	var emptied []uint64
	for _, u := range c.worthMoving(uses) {
		err := c.move(ctx, u)
		if KindOf(err) == KindNoSpace && len(emptied) > 0 {
			// What was emptied before makes room.
			if err = c.removePacks(ctx, emptied); err == nil {
				emptied = nil
				err = c.move(ctx, u)
			}
		}
		switch {
		case KindOf(err) == KindNoSpace:
			s.log.Warn("there is no room to move what is in use out of a pack, of which much is not", "err", err)
			continue
		case KindOf(err) == KindCorrupt:
			// What cannot be read whole stays where it is.
			s.log.Error("a pack with damage is left as it is", "err", err)
			continue
		case err != nil:
			return err
		}
		emptied = append(emptied, u.id)
	}
	return c.removePacks(ctx, emptied)
}

// worthMoving returns the packs to be emptied, those that have least to be moved first.
func (c *collection) worthMoving(uses map[uint64]*packUse) []*packUse {
	var all []*packUse
	var alive, dead int64
	for _, u := range uses {
		all = append(all, u)
		alive += u.alive
		dead += u.dead()
	}
	slices.SortFunc(all, func(a, b *packUse) int {
		return cmp.Or(cmp.Compare(float64(a.alive)/float64(a.size+1), float64(b.alive)/float64(b.size+1)), cmp.Compare(a.id, b.id))
	})
	n, may := 0, c.opts.Compact.leaves(alive)
	for n < len(all) && all[n].dead() > 0 && (all[n].rows == 0 || dead > may) {
		dead -= all[n].dead()
		n++
	}
	return all[:n]
}

// leaves returns how many bytes may be left in vain when so many are in use.
func (c Compaction) leaves(alive int64) int64 {
	switch c {
	case CompactAll:
		return 0
	case CompactSome:
		return alive/someShare + deadFloor
	default:
		return alive/mostShare + deadFloor
	}
}

// move copies all records of a pack that rows name into other packs and points the rows there.
func (c *collection) move(ctx context.Context, u *packUse) error {
	if u.rows == 0 {
		return nil
	}
	m, err := c.store.packs.LeaseForMove(ctx)
	if err != nil {
		return err
	}
	mover := &mover{store: c.store, writer: m}
	defer m.Release()
	err = c.store.packs.Scan(ctx, u.id, func(h schema.Hash, loc pack.Location) error { return mover.add(ctx, h, loc) })
	damage := errors.Is(err, pack.ErrCorrupt)
	if err == nil || damage {
		err = errors.Join(mover.flush(ctx), err)
	}
	c.report.Copied += mover.copied
	return wrap("pfs.GC", err, "", "")
}

// mover copies records.
type mover struct {
	store  *Store
	writer *pack.Writer
	buf    []byte
	rows   []kv.Row
	bytes  int64
	copied int64
}

// add copies a record, if it is the one that the row of its chunk names.
func (m *mover) add(ctx context.Context, h schema.Hash, loc pack.Location) error {
	value, err := m.store.getRow(ctx, schema.ChunkKey(h))
	if err != nil || value == nil {
		return err
	}
	if at, packed, err := cas.PlaceOf(value); err != nil || !packed || at != loc {
		return err
	}
	m.buf = slices.Grow(m.buf[:0], int(loc.Length))[:loc.Length]
	if err := m.store.packs.ReadAt(loc, m.buf, 0); err != nil {
		return err
	}
	if blake3.Sum256(m.buf) != h {
		return fmt.Errorf("%w: chunk %s at %v has another hash", cas.ErrCorrupt, h, loc)
	}
	to, err := m.writer.Append(h, m.buf)
	if err != nil {
		return err
	}
	m.rows = append(m.rows, cas.RowOf(h, to))
	m.bytes += int64(loc.Length)
	if m.bytes < moveBytes {
		return nil
	}
	return m.flush(ctx)
}

// flush makes durable what was copied, then the rows that name it.
func (m *mover) flush(ctx context.Context) error {
	if len(m.rows) == 0 {
		return nil
	}
	ids := map[uint64]bool{}
	for _, row := range m.rows {
		if loc, _, err := cas.PlaceOf(row.Value); err == nil {
			ids[loc.Pack] = true
		}
	}
	for id := range ids {
		if err := m.store.packs.Sync(context.WithoutCancel(ctx), id); err != nil {
			return err
		}
	}
	slices.SortFunc(m.rows, func(a, b kv.Row) int { return bytes.Compare(a.Key, b.Key) })
	if err := m.store.kv.Put(ctx, m.rows); err != nil {
		return err
	}
	m.copied += m.bytes
	m.rows, m.bytes = nil, 0
	return nil
}

// removePacks removes those of some packs that no row names.
func (c *collection) removePacks(ctx context.Context, ids []uint64) error {
	if len(ids) == 0 {
		return nil
	}
	uses, err := c.packUses(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		u := uses[id]
		if u == nil || u.rows > 0 {
			continue
		}
		switch err := c.store.packs.Remove(id); {
		case errors.Is(err, pack.ErrInUse):
		case err != nil:
			return err
		default:
			c.report.PacksRemoved++
		}
	}
	return nil
}
