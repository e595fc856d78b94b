package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/user"
	"runtime/debug"
	"time"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/connections"
	"pfsd/cli/internal/control"
	"pfsd/cli/internal/datadir"
	"pfsd/cli/internal/descriptors"
	"pfsd/cli/internal/door"
	"pfsd/cli/internal/endpoint"
	"pfsd/cli/internal/guard"
	"pfsd/cli/internal/hosting"
	"pfsd/cli/internal/mountpoint"
	"pfsd/cli/internal/users"
	"pfsd/pfs"
)

// withStore runs f with the operations of the store: those of its host, or, when there is none, of this process, which is
// the host while f runs.
func (p *program) withStore(c *cli.Context, f func(ctx context.Context, store *control.Client) error) error {
	return p.withMember(c, taking{}, f)
}

// withNewStore is withStore for a command that makes a store where none is.
func (p *program) withNewStore(c *cli.Context, f func(ctx context.Context, store *control.Client) error) error {
	return p.withMember(c, taking{makes: true}, f)
}

// taking is how a command takes part in a store.
type taking struct {
	// doors is set for a command that has doors, or that may run for so long that as the host it must let doors in.
	doors bool
	// makes is set for a command that makes a store where none is.
	makes bool
}

// withMember is withStore for a command that takes part in its own way.
func (p *program) withMember(c *cli.Context, as taking, f func(ctx context.Context, store *control.Client) error) error {
	cfg, err := p.hosting(c, as)
	if err != nil {
		return err
	}
	visitor, err := hosting.Visit(c.Context, cfg)
	if err != nil {
		return err
	}
	err = f(c.Context, visitor.Client())
	// A second signal ends the process whatever it is doing, so that waiting for others needs no bound of its own.
	if closeErr := visitor.Close(context.WithoutCancel(c.Context)); err == nil {
		err = closeErr
	}
	return err
}

// hosting says how this process takes part in the store.
func (p *program) hosting(c *cli.Context, as taking) (hosting.Config, error) {
	limit, err := memory(c)
	if err != nil {
		return hosting.Config{}, err
	}
	dir, err := p.dataDir(c, as.makes)
	if err != nil {
		return hosting.Config{}, err
	}
	shares, err := shares()
	if err != nil {
		return hosting.Config{}, err
	}
	return hosting.Config{
		Connections: shares.Control,
		Dir:         dir, Doors: as.doors, Version: programVersion(), Now: time.Now, Log: p.log,
		Open:  func(ctx context.Context) (*pfs.Store, error) { return p.open(ctx, dir, limit, shares) },
		Serve: func(store *pfs.Store) door.Opener { return p.opener(store, dir, limit, shares) },
		Wait: func(pid int) {
			fmt.Fprintf(p.stderr, "pfsd: waiting for process %d, which is using the store, to end\n", pid)
		},
	}, nil
}

// mendings is how many things a store that does not open can have to be mended, one after the other: its format, the note of its
// rows, the owner of its packs, the rows, and what these are then noted and owned by.
const mendings = 6

// open opens the store in this process.
func (p *program) open(ctx context.Context, dir *datadir.Dir, limit int64, files descriptors.Shares) (*pfs.Store, error) {
	// Above its caches the process needs room for requests; beyond that the collector works harder rather than let the heap
	// grow to twice what is in use.
	debug.SetMemoryLimit(limit + limit/4)
	// Where a store was to be made it has been made. Whoever becomes the host of a store later on never makes one.
	opts := pfs.Options{
		Now: time.Now, Rand: rand.Reader, Memory: limit, Log: p.log, VerifyRows: p.salvage, Existing: true,
		OpenPacks: files.Packs, AppendingPacks: files.Appending,
	}
	store, err := pfs.Open(ctx, dir.Path(), opts)
	for tries := 0; tries < mendings && p.salvage && pfs.KindOf(err) == pfs.KindCorrupt; tries++ {
		var salvaged *pfs.Salvaged
		if salvaged, err = pfs.Salvage(ctx, dir.Path(), opts); err != nil {
			return nil, err
		}
		p.salvaged = cmp.Or(salvaged, p.salvaged)
		store, err = pfs.Open(ctx, dir.Path(), opts)
	}
	return store, err
}

// shares returns how many descriptors each use of this process may take.
func shares() (descriptors.Shares, error) {
	limit, err := descriptors.Limit()
	if err != nil {
		return descriptors.Shares{}, err
	}
	return descriptors.Divide(limit)
}

// opener returns what serves the doors of a store. Bodies of S3 requests have three eighths of the memory that limit is; the
// store's caches take as much.
func (p *program) opener(store *pfs.Store, dir *datadir.Dir, limit int64, files descriptors.Shares) door.Opener {
	admitted, people := connections.New(files.Connections), users.New()
	cfg := mountpoint.Config{Now: time.Now, Log: p.log, Scratch: dir.Scratch(), ScratchFiles: files.Scratch, NameOf: people.Name}
	if p.executable != "" {
		cfg.Guard = guard.New(p.executable, p.log)
	}
	mounts := mountpoint.NewHost(store, cfg)
	return func(spec door.Spec, file *os.File) (door.Server, error) {
		if spec.Mount != nil {
			return mounts.Serve(*spec.Mount, file)
		}
		return endpoint.Serve(store, *spec.S3, file, endpoint.Config{
			Memory: limit / 8 * 3, Now: time.Now, Rand: rand.Reader, Log: p.log, Limit: admitted, NameOf: people.Name,
		})
	}
}

// person returns the user who runs this process.
func person() control.Person {
	who := control.Person{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	if u, err := user.Current(); err == nil {
		who.Name = u.Username
	}
	return who
}
