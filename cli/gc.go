package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) gcCommand() *cli.Command {
	return &cli.Command{
		Name: "gc", Usage: "give back the room of what nothing leads to any more",
		UsageText: "pfsd gc [--dry-run] [--grace DURATION] [--after-salvage] [--json]",
		Description: "A store collects garbage by itself. This does it now, while the store is in use, and says\n" +
			"what it found. What was deleted can be restored with pfsd undelete until it is collected,\n" +
			"which is 72 hours later, and commits that a branch left behind, as by pfsd reset, can be read until then;\n" +
			"--grace 0s collects all that is deleted, or left behind, now.\n\n" +
			"Nothing is collected after pfsd fsck --repair has salvaged rows, or when kv/ is older than packs/\n" +
			"or that of another store, since names may be lost whose contents are not: see them with\n" +
			"pfsd lost list. --after-salvage says that you have seen them.\n\n" +
			"Example: pfsd gc --dry-run",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only say what would be freed"},
			&cli.DurationFlag{Name: "grace", DefaultText: "72h", Usage: "how long what was deleted or left behind stays"},
			&cli.BoolFlag{Name: "after-salvage", Usage: "collect what no name leads to, though names may be lost"},
			jsonFlag(),
		},
		Action: p.gc,
	}
}

func (p *program) gc(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	req := control.CollectRequest{DryRun: c.Bool("dry-run"), AfterSalvage: c.Bool("after-salvage")}
	if c.IsSet("grace") {
		grace := c.Duration("grace")
		if grace < 0 {
			return usage(c, "--grace must not be negative")
		}
		req.Grace = &grace
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		report, err := store.Collect(ctx, req)
		switch {
		case err != nil:
			return err
		case c.Bool(flagJSON):
			return p.printJSON(report)
		}
		return p.printGarbage(report)
	})
}

func (p *program) printGarbage(r pfs.GCReport) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	line := func(what string, g pfs.Garbage) {
		fmt.Fprintf(w, "%s\t%s\n", what, humanize.IBytes(uint64(max(g.Bytes, 0))))
	}
	line("in use", r.Live)
	line("deleted, and can be restored", r.Waiting)
	line("deleted or left behind for good", r.History)
	line("uploads and writes that came to nothing, overwritten or thinned out", r.Unlinked)
	if err := w.Flush(); err != nil {
		return err
	}
	if r.DryRun {
		fmt.Fprintf(p.stdout, "would remove %s and free about %s, and %s more of packs\n",
			plural(uint64(r.Commits), "commit"), humanize.IBytes(uint64(max(r.Reclaimable(), 0))),
			humanize.IBytes(uint64(max(r.PackDead-r.Reclaimable(), 0))))
		return nil
	}
	fmt.Fprintf(p.stdout, "removed %s and %s; the store takes %s, it took %s\n",
		plural(uint64(r.Commits), "commit"), plural(uint64(r.PacksRemoved), "pack"),
		humanize.IBytes(uint64(max(r.After, 0))), humanize.IBytes(uint64(max(r.Before, 0))))
	return nil
}
