package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) fsckCommand() *cli.Command {
	return &cli.Command{
		Name: "fsck", Usage: "check that the store is whole, while it is in use", UsageText: "pfsd fsck [--deep] [--json]",
		Description: "Exits with 1 when something is wrong.\n\nExample: pfsd fsck --deep",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "deep", Usage: "read and hash all that is stored"},
			jsonFlag(),
		},
		Action: p.fsck,
	}
}

func (p *program) fsck(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		report, err := store.Check(ctx, control.CheckRequest{Deep: c.Bool("deep")})
		if err != nil {
			return err
		}
		if c.Bool(flagJSON) {
			err = p.printJSON(report)
		} else {
			p.printReport(report)
		}
		if err == nil && len(report.Problems) > 0 {
			err = errFound
		}
		return err
	})
}

func (p *program) printReport(r control.CheckReport) {
	for _, problem := range r.Problems {
		fmt.Fprintf(p.stdout, "%s:/%s: %s\n", problem.Ref, p.name(problem.Path), p.name(problem.Error))
	}
	fmt.Fprintf(p.stdout, "checked %d repos, %d branches, %d tags, %d commits, %d entries, %d uploads: %s\n",
		r.Repos, r.Branches, r.Tags, r.Commits, r.Entries, r.Uploads, plural(uint64(len(r.Problems)), "problem"))
}
