package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) branchCommand() *cli.Command {
	return &cli.Command{
		Name: "branch", Usage: "make, list, inspect, rename, set and delete branches",
		Subcommands: []*cli.Command{
			{
				Name: "create", Usage: "make a branch: an empty one, or one that starts from a version",
				UsageText:   "pfsd branch create [--from ADDRESS] [--json] BRANCH.REPO",
				Description: "Without --from it is empty, and has no history in common with the others.\n\nExample: pfsd branch create --from master~3.images retry.images",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "from", Usage: "the version to start from, an `ADDRESS` in the same repo"}, jsonFlag(),
				},
				Action: p.createBranch,
			},
			{
				Name: "list", Usage: "list the branches of a repo, or all", UsageText: "pfsd branch list [-q] [--json] [REPO]",
				Description: "Example: pfsd branch list images",
				Flags:       []cli.Flag{quietFlag(), jsonFlag()},
				Action:      p.listBranches,
			},
			{
				Name: "delete", Usage: "delete a branch with all that is in it", UsageText: "pfsd branch delete [--json] BRANCH.REPO",
				Description: "Example: pfsd branch delete retry.images",
				Flags:       []cli.Flag{jsonFlag()},
				Action:      p.deleteBranch,
			},
			p.renameBranchCommand(), p.inspectBranchCommand(), p.setBranchCommand(),
		},
	}
}

// branchArgument returns the command's argument, the address of a branch.
func branchArgument(c *cli.Context) (pfs.Ref, error) {
	args, err := operands(c, 1, 1)
	if err != nil {
		return pfs.Ref{}, err
	}
	return parseBranch(args[0])
}

func (p *program) createBranch(c *cli.Context) error {
	ref, err := branchArgument(c)
	if err != nil {
		return err
	}
	req := control.BranchRequest{Ref: ref.String(), By: p.author()}
	if from := c.String("from"); from != "" {
		source, err := parseSource(from, ref)
		if err != nil {
			return err
		}
		req.From = source.String()
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		branch, err := store.CreateBranch(ctx, req)
		return p.done(c, branch, err)
	})
}

func (p *program) deleteBranch(c *cli.Context) error {
	ref, err := branchArgument(c)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		err := store.DeleteBranch(ctx, control.BranchRequest{Ref: ref.String(), By: p.author()})
		if pfs.KindOf(err) == pfs.KindReadOnly {
			return fmt.Errorf("%s is a tag; delete it with: pfsd tag delete %s", ref, ref)
		}
		return p.done(c, named{Repo: ref.Repo, Name: ref.Name}, err)
	})
}

func (p *program) listBranches(c *cli.Context) error {
	repo, err := optionalName(c)
	if err != nil {
		return err
	}
	req := control.BranchRequest{Repo: repo}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return printAll(p, c, store.Branches(ctx, req), func(w io.Writer, b pfs.Branch) {
			if c.Bool(flagQuiet) {
				fmt.Fprintf(w, "%s.%s\n", b.Name, b.Repo)
				return
			}
			fmt.Fprintf(w, "%s  %s  %s, %d bytes  %s.%s\n",
				stamp(b.Changed), b.Head, plural(b.Totals.Files, "file"), b.Totals.Bytes, b.Name, b.Repo)
		})
	})
}
