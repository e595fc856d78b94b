package cli

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/datadir"
	"pfsd/pfs"
)

// The global flags.
const (
	flagData   = "data"
	flagMemory = "memory"
	flagLog    = "log"
	flagNoMake = "no-create"
)

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: flagData, EnvVars: []string{"PFSD_DATA"},
			Usage: "the `DIR` that holds the store (default: $XDG_DATA_HOME/pfsd, else ~/.local/share/pfsd)",
		},
		&cli.StringFlag{
			Name: flagMemory, EnvVars: []string{"PFSD_MEMORY"}, Value: "256MiB",
			Usage: "about how much memory (`SIZE`) caches and buffers may take, where this process holds the store",
		},
		&cli.BoolFlag{
			Name: flagNoMake, EnvVars: []string{"PFSD_NO_CREATE"},
			Usage: "fail where no store is, also with the commands that make one there: s3, serve, repo create, put, import and mount --create",
		},
		&cli.StringFlag{
			Name: flagLog, EnvVars: []string{"PFSD_LOG"}, Value: "warn",
			Usage: "the least `LEVEL` that is logged on stderr: debug, info, warn or error",
		},
	}
}

// setUp takes over the global flags that change the program itself.
func (p *program) setUp(c *cli.Context) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.String(flagLog))); err != nil {
		return usage(c, "--%s is debug, info, warn or error", flagLog)
	}
	p.level.Set(level)
	return nil
}

// memory returns what --memory says, in bytes.
func memory(c *cli.Context) (int64, error) {
	n, err := humanize.ParseBytes(c.String(flagMemory))
	if err != nil || n < 32<<20 || n > 1<<46 {
		return 0, usage(c, "--%s is a size of at least 32MiB, as 256MiB or 1GiB", flagMemory)
	}
	return int64(n), nil
}

// dataDir returns the data directory, which holds a store. When makes is set, and --no-create is not, a store is made where none
// is, and that is said on stderr.
func (p *program) dataDir(c *cli.Context, makes bool) (*datadir.Dir, error) {
	path, err := datadir.Locate(c.String(flagData), p.getenv)
	if err != nil {
		return nil, err
	}
	if !makes || c.Bool(flagNoMake) {
		return open(path)
	}
	dir, empty, err := datadir.Make(path)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if !empty {
		return dir, nil
	}
	if err := pfs.Create(dir.Path()); err != nil {
		return nil, err
	}
	fmt.Fprintf(p.stderr, "pfsd: made a new store in %s\n", p.name(dir.Path()))
	return dir, nil
}

// open returns the data directory at path, which must hold a store.
func open(path string) (*datadir.Dir, error) {
	dir, err := datadir.Open(path)
	switch {
	case errors.Is(err, datadir.ErrNoStore):
		return nil, fmt.Errorf("%w: look whether its disk is mounted, or make a store with: pfsd repo create REPO", err)
	case err != nil:
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return dir, nil
}
