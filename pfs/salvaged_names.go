package pfs

import (
	"context"
	"fmt"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// dropFormerNames removes, after a salvage, records of repos that have another record under another name, and returns those that are
// left. When a repo is renamed, its record under the old name is deleted; a loss of that deletion brings the record back. Of the
// names the first one stays that cannot have been deleted, or else the first.
func (s *Store) dropFormerNames(ctx context.Context, records []kv.Row) ([]kv.Row, error) {
	held, err := s.salvaged(ctx)
	if err != nil || held == nil || len(held.Lost) == 0 {
		return records, err
	}
	stays := map[schema.ID]kv.Row{}
	for _, row := range records {
		rec, err := schema.DecodeRepo(row.Value)
		if err != nil {
			continue
		}
		before, twice := stays[rec.ID]
		if !twice || mayBeLost(held.Lost, before.Key) && !mayBeLost(held.Lost, row.Key) {
			stays[rec.ID] = row
		}
	}
	var gone kv.Batch
	left := slices.DeleteFunc(records, func(row kv.Row) bool {
		rec, err := schema.DecodeRepo(row.Value)
		if err != nil || slices.Equal(stays[rec.ID].Key, row.Key) {
			return false
		}
		gone.Deletes = append(gone.Deletes, row.Key)
		line := fmt.Sprintf("repo %s is called %s: it was renamed, and the removal of a name is lost", row.Key[1:], stays[rec.ID].Key[1:])
		s.log.Warn("a name of a repo was removed", "why", line)
		s.caughtUp = append(s.caughtUp, line)
		return true
	})
	return left, s.kv.Commit(ctx, gone)
}
