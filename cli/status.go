package cli

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) statusCommand() *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "show how the store is doing and which doors to it are open", UsageText: "pfsd status [--json]",
		Description: "Example: pfsd status",
		Flags:       []cli.Flag{jsonFlag()},
		Action:      p.status,
	}
}

func (p *program) status(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		s, err := store.Status(ctx)
		if err != nil {
			return err
		}
		if c.Bool(flagJSON) {
			return p.printJSON(s)
		}
		return p.printStatus(s)
	})
}

func (p *program) printStatus(s control.Status) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	row := func(key, format string, args ...any) {
		fmt.Fprintf(w, "%s:\t"+format+"\n", append([]any{key}, args...)...)
	}
	row("data", "%s", p.name(s.Data))
	if s.Host.PID == os.Getpid() {
		row("host", "none; this command has opened the store for itself")
	} else {
		row("host", "pid %d, pfsd %s, since %s", s.Host.PID, s.Host.Version, stamp(s.Host.Started))
	}
	row("holds", "%s, %s", plural(uint64(s.Store.Repos), "repo"), plural(uint64(s.Store.Branches), "branch"))
	row("packs", "%d of %s", s.Store.Packs, humanize.IBytes(uint64(s.Store.PackBytes)))
	row("moved", "%s in, %s out, by commands", humanize.IBytes(uint64(s.Moved.In)), humanize.IBytes(uint64(s.Moved.Out)))
	if s.Store.Pending > 0 {
		row("pending", "changes in %s are in no commit yet", plural(uint64(s.Store.Pending), "branch"))
	}
	if s.Store.Uploads > 0 {
		row("uploads", "%d unfinished", s.Store.Uploads)
	}
	for _, d := range s.S3 {
		row("s3", "%s://%s  pid %d", scheme(d.TLS), d.Addr, d.PID)
	}
	for _, d := range s.Mounts {
		row("mount", "%s on %s  pid %d", d.Address, p.name(d.Dir), d.PID)
	}
	return w.Flush()
}
