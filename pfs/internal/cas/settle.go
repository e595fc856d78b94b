package cas

import (
	"context"
	"slices"
)

// Settle makes durable what finished operations have appended to packs, so that the next Pending finds little to wait for.
// Whoever is about to ask for a link calls it; many may at the same time, and share the wait. An error is as from Pending.
func (s *Store) Settle(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	batches := slices.Clone(s.finished)
	s.mu.Unlock()
	return s.syncPacks(s.unsavedOf(batches))
}
