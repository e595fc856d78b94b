package pfs

import "context"

// upkeep lets one at a time go over the whole store: a collection of garbage, or a check, which would take what that one
// removes for damage.
type upkeep chan struct{}

// lock waits for its turn. The error is ctx's.
func (u upkeep) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case u <- struct{}{}:
		return func() { <-u }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
