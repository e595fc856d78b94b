package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lukechampine.com/blake3"

	"pfsd/chunker"
	"pfsd/pfs"
)

// CoreOptions say what the loads of the core are made of.
type CoreOptions struct {
	// Size is how many bytes one operation on bytes handles.
	Size int64
	// Files is how many there are in the branch that the others work on.
	Files int
}

// coreLoads are the loads by name, in the order in which they are run by default. The first four are what the machine
// itself can do.
var coreLoads = []struct {
	name string
	load func(*core) Load
}{
	{"copy", (*core).copyLoad}, {"hash", (*core).hashLoad}, {"file", (*core).fileLoad}, {"file-sync", (*core).fileSyncLoad},
	{"chunk", (*core).chunkLoad}, {"ingest", (*core).ingestLoad}, {"ingest-again", (*core).ingestAgainLoad},
	{"link", (*core).linkLoad}, {"apply", (*core).applyLoad}, {"list", (*core).listLoad}, {"open", (*core).openLoad},
}

// CoreNames are the names of the loads of the core.
func CoreNames() []string {
	var names []string
	for _, l := range coreLoads {
		names = append(names, l.name)
	}
	return names
}

// Core returns the load with the given name, on a store of its own in a new directory in dir, which is removed at the end.
func Core(dir, name string, opts CoreOptions) (Load, error) {
	for _, l := range coreLoads {
		if l.name != name {
			continue
		}
		data, err := newData()
		if err != nil {
			return Load{}, err
		}
		c := &core{in: dir, opts: opts, data: data}
		load := l.load(c)
		load.Name, load.Prepare, load.Clean = name, c.prepare(load.Prepare), c.clean
		return load, nil
	}
	return Load{}, fmt.Errorf("there is no load %q; there are %s", name, strings.Join(CoreNames(), ", "))
}

// core is one run of a load of the core.
type core struct {
	in, path string
	opts     CoreOptions
	data     *data
	store    *pfs.Store
	small    *pfs.Ingested
}

// benched is the branch that loads work on, and byBench is who does so.
var (
	benched = pfs.BranchRef("bench", "master")
	byBench = pfs.By{Origin: pfs.OriginCLI, Author: "bench"}
)

func (c *core) prepare(more func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		if c.path, err = os.MkdirTemp(c.in, "bench-"); err != nil || more == nil {
			return err
		}
		return more(ctx)
	}
}

func (c *core) clean(context.Context) (err error) {
	if c.small != nil {
		c.small.Release()
	}
	if c.store != nil {
		err = c.store.Close()
	}
	return errors.Join(err, os.RemoveAll(c.path))
}

// begin opens a store with an empty branch.
func (c *core) begin(ctx context.Context) error {
	if err := c.open(ctx); err != nil {
		return err
	}
	if _, err := c.store.CreateRepo(ctx, benched.Repo, pfs.Owner{}, byBench); err != nil {
		return err
	}
	small, err := c.store.Ingest(ctx, strings.NewReader("a small file"))
	c.small = small
	return err
}

func (c *core) open(ctx context.Context) (err error) {
	c.store, err = pfs.Open(ctx, filepath.Join(c.path, "store"), pfs.Options{Now: time.Now, Rand: rand.Reader})
	return err
}

// fill makes the files of the branch, all of the same bytes.
func (c *core) fill(ctx context.Context) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	const batch = 10_000
	for from := 0; from < c.opts.Files; from += batch {
		_, err := c.store.Update(ctx, benched, byBench, func(tx *pfs.Tx) error {
			for i := from; i < min(from+batch, c.opts.Files); i++ {
				if err := tx.PutFile(c.name(i), c.small.Content, nil, 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *core) name(i int) string { return fmt.Sprintf("dir-%04d/file-%08d", i/1000, i) }

// copyLoad moves bytes in memory.
func (c *core) copyLoad() Load {
	return c.bytes(func(r io.Reader, _ int) error { return drain(r) })
}

func drain(r io.Reader) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, make([]byte, 1<<20))
	return err
}

func (c *core) bytes(fn func(r io.Reader, i int) error) Load {
	return Load{Do: func(_ context.Context, _, i int) (int64, error) {
		return c.opts.Size, fn(c.data.object(uint64(i), c.opts.Size), i)
	}}
}

// hashLoad is BLAKE3 alone.
func (c *core) hashLoad() Load {
	return c.bytes(func(r io.Reader, _ int) error {
		_, err := io.CopyBuffer(blake3.New(32, nil), r, make([]byte, 1<<20))
		return err
	})
}

func (c *core) fileLoad() Load     { return c.plainFile(false) }
func (c *core) fileSyncLoad() Load { return c.plainFile(true) }

// plainFile writes a file of the local file system, each time over the same name.
func (c *core) plainFile(sync bool) Load {
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

func (c *core) chunkLoad() Load {
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

func (c *core) ingest(ctx context.Context, number uint64) (int64, error) {
	in, err := c.store.Ingest(ctx, c.data.object(number, c.opts.Size))
	if err != nil {
		return 0, err
	}
	in.Release()
	return c.opts.Size, nil
}

// ingestLoad chunks, hashes, looks up and stores new bytes.
func (c *core) ingestLoad() Load {
	return Load{Prepare: c.begin, Do: func(ctx context.Context, _, i int) (int64, error) { return c.ingest(ctx, uint64(i)) }}
}

// ingestAgainLoad does so with bytes that are stored already.
func (c *core) ingestAgainLoad() Load {
	begin := func(ctx context.Context) error {
		if err := c.begin(ctx); err != nil {
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
	return Load{Prepare: begin, Do: func(ctx context.Context, _, _ int) (int64, error) { return c.ingest(ctx, 0) }}
}

func (c *core) link(i int) func(*pfs.Tx) error {
	return func(tx *pfs.Tx) error {
		return tx.PutFile(c.name(int(scatter(i)%uint64(max(c.opts.Files, 1))))+"-new", c.small.Content, nil, 0)
	}
}

// linkLoad makes a commit of one file.
func (c *core) linkLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, _, i int) (int64, error) {
		_, err := c.store.Update(ctx, benched, byBench, c.link(i))
		return 0, err
	}}
}

// applyLoad makes a file as a mount does.
func (c *core) applyLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, _, i int) (int64, error) {
		return 0, c.store.Apply(ctx, benched, byBench, c.link(i))
	}}
}

// listLoad walks all files of the branch.
func (c *core) listLoad() Load {
	return Load{Prepare: c.fill, Items: c.opts.Files, Do: func(ctx context.Context, _, _ int) (int64, error) {
		snapshot, err := c.store.Snapshot(ctx, benched)
		if err != nil {
			return 0, err
		}
		for _, err := range snapshot.Walk(ctx, "", "") {
			if err != nil {
				return 0, err
			}
		}
		return 0, nil
	}}
}

// openLoad closes the store and opens it again.
func (c *core) openLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, _, _ int) (int64, error) {
		if c.small != nil {
			c.small.Release()
			c.small = nil
		}
		if err := c.store.Close(); err != nil {
			return 0, err
		}
		return 0, c.open(ctx)
	}}
}
