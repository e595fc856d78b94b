package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lukechampine.com/blake3"

	"pfsd/chunker"
	"pfsd/pfs"
)

// copyLoad moves bytes in memory.
func (c *Core) copyLoad() Load {
	return c.bytes(func(r io.Reader, _ int) error { return drain(r) })
}

func drain(r io.Reader) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, make([]byte, 1<<20))
	return err
}

func (c *Core) bytes(fn func(r io.Reader, i int) error) Load {
	return Load{Do: func(_ context.Context, _, i int) (int64, error) {
		return c.opts.Size, fn(c.data.object(uint64(i), c.opts.Size), i)
	}}
}

// hashLoad is BLAKE3 alone.
func (c *Core) hashLoad() Load {
	return c.bytes(func(r io.Reader, _ int) error {
		_, err := io.CopyBuffer(blake3.New(32, nil), r, make([]byte, 1<<20))
		return err
	})
}

func (c *Core) fileLoad() Load     { return c.plainFile(false) }
func (c *Core) fileSyncLoad() Load { return c.plainFile(true) }

// plainFile writes a file of the local file system, each time over the same name.
func (c *Core) plainFile(sync bool) Load {
	return c.bytes(func(r io.Reader, i int) error {
		file, err := os.Create(filepath.Join(c.path, fmt.Sprint("plain-", i%4)))
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{file}, r, make([]byte, 1<<20))
		if err == nil && sync {
			err = file.Sync()
		}
		return errors.Join(err, file.Close())
	})
}

func (c *Core) chunkLoad() Load {
	return c.bytes(func(r io.Reader, _ int) error {
		chunks := chunker.New(r, 0)
		defer chunks.Close()
		for {
			if _, err := chunks.Next(); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
}

func (c *Core) ingest(ctx context.Context, number uint64) (int64, error) {
	in, err := c.store.Ingest(ctx, c.data.object(number, c.opts.Size))
	if err != nil {
		return 0, err
	}
	in.Release()
	return c.opts.Size, nil
}

// ingestLoad chunks, hashes, looks up and stores new bytes.
func (c *Core) ingestLoad() Load {
	return Load{Prepare: c.ready, Do: func(ctx context.Context, _, i int) (int64, error) { return c.ingest(ctx, uint64(i)) }}
}

// ingestAgainLoad does so with bytes that are stored already.
func (c *Core) ingestAgainLoad() Load {
	there := func(ctx context.Context) error {
		if err := c.ready(ctx); err != nil {
			return err
		}
		in, err := c.store.Ingest(ctx, c.data.object(0, c.opts.Size))
		if err != nil {
			return err
		}
		defer in.Release()
		_, err = c.store.Update(ctx, benched, byBench, func(tx *pfs.Tx) error { return tx.PutFile("there", in.Content, nil, 0) })
		return err
	}
	return Load{Prepare: there, Do: func(ctx context.Context, _, _ int) (int64, error) { return c.ingest(ctx, 0) }}
}
