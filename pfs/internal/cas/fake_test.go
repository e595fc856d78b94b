package cas

import (
	"context"

	"pfsd/pfs/internal/pack"
)

// countingPacks counts the bytes that are read.
type countingPacks struct {
	packs
	read int64
}

func (c *countingPacks) ReadAt(loc pack.Location, p []byte, off int64) error {
	c.read += int64(len(p))
	return c.packs.ReadAt(loc, p, off)
}

// brokenPacks fails to sync packs, with the error that it is told.
type brokenPacks struct {
	packs
	err error
}

func (b *brokenPacks) Sync(ctx context.Context, ids ...uint64) error {
	if b.err != nil {
		return b.err
	}
	return b.packs.Sync(ctx, ids...)
}
