package pfs

import (
	"context"
	"fmt"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// numberPacks has new packs get ids that none had before, so that a row which names a pack that was lost never comes to name
// bytes of another.
func (s *Store) numberPacks(ctx context.Context) error {
	rec, err := s.packsRecord(ctx)
	if err != nil {
		return err
	}
	s.packs.Number(rec.Last, func(last uint64) error {
		// Not the context of Open, nor that of who happens to need the pack.
		return s.notePacks(context.Background(), schema.PacksRecord{Last: last})
	})
	return nil
}

// packsRecord returns what is known of the ids of packs. Stores of older programs have no such record: they get one.
func (s *Store) packsRecord(ctx context.Context) (rec schema.PacksRecord, err error) {
	value, err := s.getRow(ctx, schema.PacksKey())
	if err != nil {
		return rec, err
	}
	if value != nil {
		rec, err = schema.DecodePacks(value)
		if err != nil {
			s.damage("", corruptRow("the record of the packs", err))
		}
		held, failed := s.salvaged(ctx)
		if failed == nil && err == nil && (held == nil || len(held.Lost) == 0) {
			rec.Last, failed = s.holdNewer(ctx, rec.Last)
		}
		if failed != nil || err == nil && held == nil {
			return rec, failed
		}
		// After a salvage it may be an older one.
	}
	named, err := s.namedPacks(ctx)
	if err != nil {
		return rec, err
	}
	rec.Last = max(rec.Last, named.Last)
	// Without it, it is found again at the next start.
	if err := s.notePacks(ctx, rec); err != nil {
		s.log.Warn("the ids of the packs were not noted", "err", err)
	}
	return rec, nil
}

func (s *Store) notePacks(ctx context.Context, rec schema.PacksRecord) error {
	return s.kv.Commit(ctx, kv.Batch{Puts: []kv.Row{{Key: schema.PacksKey(), Value: rec.Append(nil)}}})
}

// namedPacks returns the highest id of a pack that is there or that the row of a chunk names.
func (s *Store) namedPacks(ctx context.Context) (rec schema.PacksRecord, err error) {
	for _, p := range s.packs.Packs() {
		rec.Last = max(rec.Last, p.ID)
	}
	err = s.kv.View(ctx, func(r kv.Reader) error {
		return eachRow(r, schema.ChunkRows(), func(row kv.Row) error {
			loc, packed, err := cas.PlaceOf(row.Value)
			if err == nil && packed {
				rec.Last = max(rec.Last, loc.Pack)
			}
			return nil // a damaged row is for those to tell who need it
		})
	})
	if err != nil {
		return rec, fmt.Errorf("pfs: ids of packs: %w", err)
	}
	return rec, nil
}
