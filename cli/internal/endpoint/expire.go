package endpoint

import (
	"context"
	"log/slog"
	"time"

	"pfsd/pfs"
)

// How often uploads are looked through: a few times in the life of one, within bounds.
const (
	minSweep = time.Second
	maxSweep = time.Hour
)

// expireUploads ends the uploads that nobody goes on with for the given time, at once and then again and again until ctx ends.
func expireUploads(ctx context.Context, store *pfs.Store, after time.Duration, cfg Config) {
	timer := time.NewTicker(min(max(after/4, minSweep), maxSweep))
	defer timer.Stop()
	for {
		n, err := store.ExpireUploads(ctx, cfg.Now().Add(-after))
		switch {
		case err != nil && ctx.Err() == nil:
			cfg.Log.Error("uploads that expired could not be ended", slog.Any("error", err))
		case n > 0:
			cfg.Log.Info("uploads expired", slog.Int("number", n))
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}
