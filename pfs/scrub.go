package pfs

import (
	"bytes"
	"context"
	"errors"
	"time"

	"lukechampine.com/blake3"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

const (
	// DefaultScrubPeriod is in what time everything that is stored is read again when Options do not say.
	DefaultScrubPeriod = 30 * 24 * time.Hour
	// scrubStep is how long the scrub rests between two pieces of work.
	scrubStep = time.Minute
	// scrubSave is after how many bytes it notes how far it has come.
	scrubSave = 64 << 20
	// scrubRows is how many rows are looked at in one view.
	scrubRows = 256
)

// ScrubStatus is how the reading again of everything that is stored goes.
type ScrubStatus struct {
	// Started is when the round began; zero before the first.
	Started time.Time `json:"started,omitzero"`
	// Read is how many bytes have been read and hashed in this round, of about Total.
	Read  int64 `json:"read"`
	Total int64 `json:"total"`
	// Damaged is how many chunks, trees and records were found damaged in this round. Check names what they hurt.
	Damaged int64 `json:"damaged"`
}

// scrub is the reading again of everything that is stored, at such a rate that it takes a set period. It goes by content-
// addressed rows, each of which says what its bytes must be. It belongs to one goroutine, which alone changes rec.
type scrub struct {
	store *Store
	rec   schema.ScrubRecord
	// saved is what was read when rec was written last; owed is how many bytes are still to be read by now.
	saved uint64
	owed  int64
	last  time.Time
}

// scrubAll scrubs, round after round, until ctx is done.
func (s *Store) scrubAll(ctx context.Context) {
	if s.opts.ScrubPeriod < 0 {
		return
	}
	c := &scrub{store: s, last: s.opts.Now()}
	value, err := s.getRow(ctx, schema.ScrubKey())
	if err == nil && value != nil {
		// A damaged note begins a new round.
		c.rec, _ = schema.DecodeScrub(value)
		c.saved = c.rec.Read
	}
	for s.opts.Wait(ctx, scrubStep) == nil {
		if err := c.step(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("scrub failed, and is tried again", "err", err)
		}
	}
	if c.rec.Read != c.saved {
		if err := c.save(context.WithoutCancel(ctx)); err != nil && KindOf(err) != KindClosed {
			s.log.Warn("how far the scrub has come was not noted", "err", err)
		}
	}
}

// step reads as much as is due.
func (c *scrub) step(ctx context.Context) error {
	now := c.store.opts.Now()
	total := c.store.diskBytes()
	c.owed += int64(float64(total) * min(1, float64(now.Sub(c.last))/float64(c.store.opts.ScrubPeriod)))
	c.last = now
	for c.owed > 0 {
		more, err := c.some(ctx)
		c.publish(total)
		if err != nil {
			return err
		}
		if c.rec.Read-c.saved >= scrubSave || !more {
			if err := c.save(ctx); err != nil {
				return err
			}
		}
		if !more {
			c.owed = 0
		}
	}
	return nil
}

func (c *scrub) publish(total int64) {
	c.store.scrubbed.Store(&ScrubStatus{
		Started: timeOf(c.rec.Started), Read: int64(c.rec.Read), Total: total, Damaged: int64(c.rec.Damaged),
	})
}

func (c *scrub) save(ctx context.Context) error {
	row := kv.Row{Key: schema.ScrubKey(), Value: c.rec.Append(nil)}
	if err := c.store.kv.Commit(ctx, kv.Batch{Puts: []kv.Row{row}}); err != nil {
		return err
	}
	c.saved = c.rec.Read
	return nil
}

// some reads what the next rows stand for, while anything is due. It returns false at the end of a round.
func (c *scrub) some(ctx context.Context) (more bool, err error) {
	if len(c.rec.Next) == 0 {
		c.rec = schema.ScrubRecord{Started: c.store.opts.Now().UnixNano(), Next: schema.ChunkRows()}
		c.saved = 0
		if err := c.tables(ctx); err != nil {
			return true, err
		}
	}
	rows, err := c.rows(ctx)
	for _, row := range rows {
		if err != nil || c.owed <= 0 {
			return true, err
		}
		size := sizeOf(row)
		err = c.row(ctx, row)
		if err == nil {
			c.owed -= size
			c.rec.Read += uint64(size)
			c.rec.Next = append(bytes.Clone(row.Key), 0)
		}
	}
	if err == nil && len(rows) == 0 {
		c.rec.Next = c.nextKind()
	}
	return len(c.rec.Next) > 0, err
}

// tables reads the tables of the key-value store, which do not show rows that are damaged.
func (c *scrub) tables(ctx context.Context) error {
	err := c.store.verifyRows(ctx)
	if err == nil || classify(err) != KindCorrupt {
		return err
	}
	c.rec.Damaged++
	c.store.log.Error("rows of the store are damaged; end pfsd and run pfsd fsck --repair", "err", err)
	return nil
}

// nextKind returns where the rows of the next kind begin; nil at the end.
func (c *scrub) nextKind() []byte {
	switch c.rec.Next[0] {
	case schema.ChunkRows()[0]:
		return schema.WindowRows()
	case schema.WindowRows()[0]:
		return schema.NodeRows()
	}
	return nil
}

// rows returns copies of the next rows.
func (c *scrub) rows(ctx context.Context) ([]kv.Row, error) {
	var rows []kv.Row
	err := c.store.kv.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(c.rec.Next[:1], c.rec.Next, false) {
			if err != nil {
				return err
			}
			rows = append(rows, kv.Row{Key: bytes.Clone(row.Key), Value: bytes.Clone(row.Value)})
			if len(rows) == scrubRows {
				return nil
			}
		}
		return nil
	})
	return rows, err
}

// row checks what a row stands for. Damage is logged and counted; the error is another one.
func (c *scrub) row(ctx context.Context, row kv.Row) error {
	err := c.check(ctx, row)
	if !errors.Is(err, cas.ErrCorrupt) && !errors.Is(err, pack.ErrCorrupt) && !errors.Is(err, pack.ErrNotFound) &&
		!errors.Is(err, tree.ErrCorrupt) {
		return err
	}
	again, getErr := c.store.getRow(ctx, row.Key)
	if getErr != nil || !bytes.Equal(again, row.Value) {
		return getErr // it has been removed, or moved, meanwhile
	}
	c.rec.Damaged++
	c.store.log.Error("stored data is damaged; pfsd fsck --deep says what that hurts", "key", string(row.Key[:1]),
		"hash", schema.Hash(row.Key[1:]), "err", err)
	return nil
}

func (c *scrub) check(ctx context.Context, row kv.Row) error {
	h := schema.Hash(row.Key[1:])
	data := row.Value
	switch row.Key[0] {
	case schema.NodeRows()[0]:
		return c.store.trees.Verify(ctx, h)
	case schema.ChunkRows()[0]:
		loc, packed, err := cas.PlaceOf(row.Value)
		if err != nil {
			return err
		}
		data = row.Value[1:]
		if packed {
			data = make([]byte, loc.Length)
			if err := c.store.packs.ReadFresh(loc, data); err != nil {
				c.store.contents.Unreadable(h)
				return err
			}
		}
	}
	if blake3.Sum256(data) != h {
		return cas.ErrCorrupt
	}
	return nil
}
