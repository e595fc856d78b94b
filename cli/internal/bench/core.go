package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"pfsd/pfs"
)

// CoreOptions say what the loads of the core are made of.
type CoreOptions struct {
	// Size is how many bytes one operation on bytes handles.
	Size int64
	// Files is how many there are in the branch that the others work on, and Commits how many it has besides those that
	// made them.
	Files, Commits int
}

// coreLoads are the loads by name, in the order in which they are run by default. The first four are what the machine
// itself can do, and what only reads comes before what changes the branch.
var coreLoads = []struct {
	name string
	load func(*Core) Load
}{
	{"copy", (*Core).copyLoad}, {"hash", (*Core).hashLoad}, {"file", (*Core).fileLoad}, {"file-sync", (*Core).fileSyncLoad},
	{"chunk", (*Core).chunkLoad}, {"ingest", (*Core).ingestLoad}, {"ingest-again", (*Core).ingestAgainLoad},
	{"list", (*Core).listLoad}, {"page", (*Core).pageLoad}, {"log", (*Core).logLoad}, {"versions", (*Core).versionsLoad},
	{"diff", (*Core).diffLoad}, {"branch", (*Core).branchLoad}, {"copy-dir", (*Core).copyDirLoad},
	{"rename-dir", (*Core).renameDirLoad}, {"link", (*Core).linkLoad}, {"apply", (*Core).applyLoad}, {"open", (*Core).openLoad},
}

// CoreNames are the names of the loads of the core.
func CoreNames() []string {
	var names []string
	for _, l := range coreLoads {
		names = append(names, l.name)
	}
	return names
}

// Core is a store of its own for loads of the core, which all work on it, one after the other.
type Core struct {
	path  string
	opts  CoreOptions
	data  *data
	store *pfs.Store
	// filled is set once the branch has its files and commits.
	filled bool
	small  *pfs.Ingested
	other  *pfs.Ingested
}

// benched is the branch that loads work on, and byBench is who does so.
var (
	benched = pfs.BranchRef("bench", "master")
	byBench = pfs.By{Origin: pfs.OriginCLI, Author: "bench"}
)

// NewCore makes a new directory in dir for the store, which is made when a load needs it. Close removes it.
func NewCore(dir string, opts CoreOptions) (*Core, error) {
	data, err := newData()
	if err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(dir, "bench-")
	return &Core{path: path, opts: opts, data: data}, err
}

// Load returns the load with the given name.
func (c *Core) Load(name string) (Load, error) {
	for _, l := range coreLoads {
		if l.name == name {
			load := l.load(c)
			load.Name = name
			return load, nil
		}
	}
	return Load{}, fmt.Errorf("there is no load %q; there are %s", name, strings.Join(CoreNames(), ", "))
}

// Close removes the store.
func (c *Core) Close() (err error) {
	c.letGo()
	if c.store != nil {
		err = c.store.Close()
	}
	return errors.Join(err, os.RemoveAll(c.path))
}

// letGo releases the small contents.
func (c *Core) letGo() {
	for _, in := range []*pfs.Ingested{c.small, c.other} {
		if in != nil {
			in.Release()
		}
	}
	c.small, c.other = nil, nil
}

// ready opens the store, with an empty branch, unless it is open.
func (c *Core) ready(ctx context.Context) error {
	if c.store != nil {
		return nil
	}
	if err := c.open(ctx); err != nil {
		return err
	}
	_, err := c.store.CreateRepo(ctx, benched.Repo, pfs.Owner{}, byBench)
	return errors.Join(err, c.hold(ctx))
}

func (c *Core) open(ctx context.Context) (err error) {
	c.store, err = pfs.Open(ctx, filepath.Join(c.path, "store"), pfs.Options{Now: time.Now, Rand: rand.Reader})
	return err
}

// hold makes the two small contents.
func (c *Core) hold(ctx context.Context) (err error) {
	if c.small, err = c.store.Ingest(ctx, strings.NewReader("a small file")); err != nil {
		return err
	}
	c.other, err = c.store.Ingest(ctx, strings.NewReader("another small file"))
	return err
}

// fill makes the files of the branch, all of the same bytes, and then its commits, unless that was done.
func (c *Core) fill(ctx context.Context) error {
	if err := c.ready(ctx); err != nil || c.filled {
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
	err := c.commitMany(ctx)
	c.filled = err == nil
	return err
}

func (c *Core) name(i int) string { return fmt.Sprintf("%s/file-%08d", c.dir(i), i) }

// dir is the directory of the i-th file; a thousand share one.
func (c *Core) dir(i int) string { return fmt.Sprintf("dir-%04d", i/1000) }

// fillers is how many make commits at once. Each is an author of its own, since commits of one would be joined.
const fillers = 64

// commitMany changes files, one a commit, from several goroutines. Ten of the commits, at equal distances, change the first
// file, whose history is read.
func (c *Core) commitMany(ctx context.Context) error {
	var group sync.WaitGroup
	failed := make(chan error, fillers)
	for w := range fillers {
		by := byBench
		by.Author = fmt.Sprint("bench-", w)
		group.Go(func() {
			for i := w; i < c.opts.Commits; i += fillers {
				file := 0
				if every := max(c.opts.Commits/10, 1); i%every != 0 {
					file = 1 + int(scatter(i)%uint64(max(c.opts.Files-1, 1)))
				}
				content := []pfs.Content{c.small.Content, c.other.Content}[i/fillers%2]
				_, err := c.store.Update(ctx, benched, by, func(tx *pfs.Tx) error { return tx.PutFile(c.name(file), content, nil, 0) })
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	return <-failed
}
