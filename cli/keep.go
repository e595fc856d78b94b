package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) setBranchCommand() *cli.Command {
	return &cli.Command{
		Name: "set", Usage: "say how long the automatic commits of a branch stay",
		UsageText: "pfsd branch set --keep-automatic POLICY [--dry-run] [--json] BRANCH.REPO",
		Description: "Automatic commits are those that a mount makes by itself. A POLICY is \"" + pfs.KeepForever + "\",\n" +
			"\"default\", or steps AGE:EVERY with commas between: of the commits older than AGE, the last in each EVERY stays. The\n" +
			"default is " + pfs.DefaultKeep + ". Never removed are commits made through S3 or by a command,\n" +
			"tagged ones, and those that something else starts from. Prints the commits that go.\n\n" +
			"Example: pfsd branch set --keep-automatic 48h:1h,720h:24h --dry-run master.images",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "keep-automatic", Usage: "the `POLICY`"},
			&cli.BoolFlag{Name: "dry-run", Usage: "change nothing: only print the commits that would go"},
			jsonFlag(),
		},
		Action: p.setBranch,
	}
}

func (p *program) setBranch(c *cli.Context) error {
	ref, err := branchArgument(c)
	if err != nil {
		return err
	}
	if !c.IsSet("keep-automatic") {
		return usage(c, "say what to set: --keep-automatic POLICY")
	}
	req := control.KeepRequest{Ref: ref.String(), Policy: c.String("keep-automatic"), DryRun: c.Bool("dry-run")}
	if req.Policy == "default" {
		req.Policy = ""
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return printAll(p, c, store.SetKeep(ctx, req), func(w io.Writer, k control.Kept) { fmt.Fprintln(w, k.ID) })
	})
}
