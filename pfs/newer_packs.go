package pfs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// holdNewer has nothing removed from now on when packs are there that these rows never made: the rows are then those of an earlier
// time, or of another store, and do not know what the packs are for. last is the highest id that the rows have noted; holdNewer
// returns the highest that is taken.
func (s *Store) holdNewer(ctx context.Context, last uint64) (uint64, error) {
	newer, err := s.newerPacks(ctx, last)
	if err != nil || len(newer) == 0 {
		return last, err
	}
	held := schema.SalvageRecord{Time: s.opts.Now().UnixNano()}
	for _, id := range newer {
		last = max(last, id)
		held.Lost = append(held.Lost, schema.LostRows{
			File: fmt.Sprintf("%s/%016x.pack", packsDir, id), Why: "it is newer than the rows: " + rowsDir + "/ is that of an earlier time",
		})
	}
	held.Lost = fewer(held.Lost)
	noted := schema.PacksRecord{Last: last}
	s.log.Warn("garbage is not collected", "err", errSalvaged{time.Unix(0, held.Time), held.Lost})
	// Both or none: a pack below the noted id would not be noticed again.
	return last, s.kv.Commit(ctx, kv.Batch{Puts: []kv.Row{
		{Key: schema.PacksKey(), Value: noted.Append(nil)},
		{Key: schema.SalvageKey(), Value: held.Append(nil)},
	}})
}

// newerPacks returns the ids above last of packs of which no row of a chunk tells: programs that did not note ids may have made the
// others.
func (s *Store) newerPacks(ctx context.Context, last uint64) (newer []uint64, err error) {
	for _, p := range s.packs.Packs() {
		if p.ID > last {
			newer = append(newer, p.ID)
		}
	}
	if len(newer) == 0 {
		return nil, nil
	}
	named := map[uint64]bool{}
	err = s.kv.View(ctx, func(r kv.Reader) error {
		return eachRow(r, schema.ChunkRows(), func(row kv.Row) error {
			if loc, packed, err := cas.PlaceOf(row.Value); err == nil && packed {
				named[loc.Pack] = true
			}
			return nil
		})
	})
	return slices.DeleteFunc(newer, func(id uint64) bool { return named[id] }), err
}
