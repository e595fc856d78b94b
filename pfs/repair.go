package pfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// repairBatch is how many bytes of rows are made before they are written.
const repairBatch = 1 << 20

// RepairReport is what Repair has done.
type RepairReport struct {
	// Records is how many records of packs were looked at, and Bad how many of them cannot be read whole.
	Records int64 `json:"records"`
	Bad     int64 `json:"bad"`
	// Chunks is how many chunks were found again whose rows were missing or pointed to nothing, Index how many rows of the
	// path index were missing or wrong, and Places how many places of commits.
	Chunks int64 `json:"chunks"`
	Index  int64 `json:"index"`
	Places int64 `json:"places"`
	// Moved says which branches are at other commits than their records said, since the newest ones were lost in a salvage.
	Moved []string `json:"moved,omitempty"`
	// Damage says where packs, and tables of the key-value store, are damaged.
	Damage []string `json:"damage,omitempty"`
}

// Repair makes again what can be made again of rows that are missing or wrong, while the store is in use: where chunks are,
// from the packs, which describe themselves, and the places and the path index of commits. It removes nothing. Check says
// what is wrong still. The error is of KindCanceled, KindClosed, KindNoSpace or KindInternal.
func (s *Store) Repair(ctx context.Context) (*RepairReport, error) {
	const op = "pfs.Repair"
	unlock, err := s.upkeep.lock(ctx)
	if err != nil {
		return nil, wrap(op, err, "", "")
	}
	defer unlock()
	r := &repair{store: s, report: &RepairReport{}}
	if err := s.verifyRows(ctx); err != nil {
		if classify(err) != KindCorrupt {
			return nil, wrap(op, err, "", "")
		}
		// Only Salvage, of a store that is not open, can do something about it.
		r.report.Damage = append(r.report.Damage, fmt.Sprintf("%v: repair again when no pfsd is using the store", err))
	}
	for _, p := range s.packs.Packs() {
		if err := r.pack(ctx, p.ID); err != nil {
			return nil, wrap(op, err, "", "")
		}
	}
	if err := r.commits(ctx); err != nil {
		return nil, wrap(op, err, "", "")
	}
	r.report.Moved = slices.Clone(s.caughtUp)
	return r.report, wrap(op, r.flush(ctx), "", "")
}

// repair is one run of Repair.
type repair struct {
	store  *Store
	report *RepairReport
	rows   []kv.Row
	bytes  int
}

// put writes a row, now or with the next ones.
func (r *repair) put(ctx context.Context, row kv.Row) error {
	r.rows = append(r.rows, row)
	if r.bytes += row.Size(); r.bytes < repairBatch {
		return nil
	}
	return r.flush(ctx)
}

func (r *repair) flush(ctx context.Context) error {
	err := r.store.kv.Put(ctx, r.rows)
	r.rows, r.bytes = nil, 0
	return err
}

// pack looks at all records of a pack.
func (r *repair) pack(ctx context.Context, id uint64) error {
	err := r.store.packs.Scan(ctx, id, func(h schema.Hash, loc pack.Location) error { return r.record(ctx, h, loc) })
	if errors.Is(err, pack.ErrCorrupt) {
		r.report.Damage = append(r.report.Damage, err.Error())
		return nil
	}
	if errors.Is(err, pack.ErrNotFound) {
		return nil // removed meanwhile
	}
	return err
}

// record sees to it that the chunk of a record is found, if it is not found elsewhere.
func (r *repair) record(ctx context.Context, h schema.Hash, loc pack.Location) error {
	r.report.Records++
	value, err := r.store.getRow(ctx, schema.ChunkKey(h))
	if err != nil {
		return err
	}
	at, packed, err := cas.PlaceOf(value)
	switch {
	case value != nil && err == nil && (!packed || at == loc):
		return nil
	case value != nil && err == nil && r.whole(h, at) == nil:
		return nil
	}
	switch err := r.whole(h, loc); {
	case errors.Is(err, pack.ErrCorrupt):
		r.report.Bad++
		r.report.Damage = append(r.report.Damage, err.Error())
		return nil
	case err != nil:
		return err
	}
	r.report.Chunks++
	return r.put(ctx, cas.RowOf(h, loc))
}

// whole fails unless the chunk h is whole at a place.
func (r *repair) whole(h schema.Hash, loc pack.Location) error {
	got, err := r.store.packs.Verify(loc)
	if err == nil && got != h {
		err = fmt.Errorf("%w: %v is the chunk %s", pack.ErrCorrupt, loc, got)
	}
	return err
}

// commits makes the places and index rows of all commits again.
func (r *repair) commits(ctx context.Context) error {
	var ids []schema.ID
	err := r.store.kv.View(ctx, func(rows kv.Reader) error {
		return eachRow(rows, schema.CommitPrefix(), func(row kv.Row) error {
			ids = append(ids, schema.ID(row.Key[1:]))
			return nil
		})
	})
	for _, id := range ids {
		if err == nil {
			err = r.commit(ctx, id)
		}
	}
	return err
}

// commit makes the rows of a commit again. Of one that cannot be read, or whose parent or files cannot, there is nothing to be
// had.
func (r *repair) commit(ctx context.Context, id schema.ID) error {
	c, err := r.store.loadCommit(ctx, id)
	if KindOf(err) == KindCorrupt || err == nil && (c == nil || c.id != id) {
		return nil
	}
	if err != nil {
		return err
	}
	place := schema.SeqKey(c.rec.Line, c.rec.Seq)
	if value, err := r.store.getRow(ctx, place); err != nil {
		return err
	} else if !bytes.Equal(value, id[:]) {
		r.report.Places++
		if err := r.put(ctx, kv.Row{Key: place, Value: id[:]}); err != nil {
			return err
		}
	}
	parent := &commit{view: c.view}
	if len(c.rec.Parents) > 0 {
		parent, err = r.store.loadCommit(ctx, c.rec.Parents[0])
	}
	if KindOf(err) == KindCorrupt || err == nil && parent == nil {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := pathRows(ctx, c, parent, storedRoot)
	if classify(err) == KindCorrupt || KindOf(err) == KindCorrupt {
		return nil
	}
	for _, row := range rows {
		if err == nil {
			err = r.index(ctx, row)
		}
	}
	return err
}

// index sees to it that a row of the path index is there.
func (r *repair) index(ctx context.Context, row kv.Row) error {
	value, err := r.store.getRow(ctx, row.Key)
	if err != nil || bytes.Equal(value, row.Value) {
		return err
	}
	r.report.Index++
	return r.put(ctx, row)
}
