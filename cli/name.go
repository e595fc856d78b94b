package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) renameRepoCommand() *cli.Command {
	return &cli.Command{
		Name: "rename", Usage: "give a repo another name", UsageText: "pfsd repo rename [--json] REPO NAME",
		Description: "Its history, branches, tags and open commits stay what they are.\n\nExample: pfsd repo rename images photos",
		Flags:       []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			args, err := operands(c, 2, 2)
			if err != nil {
				return err
			}
			for _, name := range args {
				if _, err := parseName(name); err != nil {
					return err
				}
			}
			return p.withStore(c, func(ctx context.Context, store *control.Client) error {
				repo, err := store.RenameRepo(ctx, control.RenameRequest{Repo: args[0], To: args[1]})
				return p.done(c, repo, err)
			})
		},
	}
}

func (p *program) renameBranchCommand() *cli.Command {
	return &cli.Command{
		Name: "rename", Usage: "give a branch another name in its repo", UsageText: "pfsd branch rename [--json] BRANCH.REPO NAME",
		Description: "Its history and open commits stay what they are.\n\nExample: pfsd branch rename retry.images second",
		Flags:       []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			args, err := operands(c, 2, 2)
			if err != nil {
				return err
			}
			ref, err := parseBranch(args[0])
			if err != nil {
				return err
			}
			if _, err := parseName(args[1]); err != nil {
				return err
			}
			return p.withStore(c, func(ctx context.Context, store *control.Client) error {
				branch, err := store.RenameBranch(ctx, control.RenameRequest{Ref: ref.String(), To: args[1]})
				return p.done(c, branch, err)
			})
		},
	}
}

func (p *program) inspectRepoCommand() *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "show all that is known of a repo", UsageText: "pfsd repo inspect [--json] REPO",
		Description: "Example: pfsd repo inspect images",
		Flags:       []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			name, err := onlyName(c)
			if err != nil {
				return err
			}
			return p.withStore(c, func(ctx context.Context, store *control.Client) error {
				info, err := store.InspectRepo(ctx, control.RepoRequest{Name: name})
				if err != nil {
					return err
				}
				if c.Bool(flagJSON) {
					return p.printJSON(info)
				}
				return p.printRepo(info)
			})
		},
	}
}

func (p *program) printRepo(info control.RepoInfo) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "repo:\t%s\ncreated:\t%s\n", info.Name, stamp(info.Created))
	for _, b := range info.Branches {
		fmt.Fprintf(w, "branch:\t%s\t%s\t%s, %d bytes\n", b.Name, b.Head, plural(b.Totals.Files, "file"), b.Totals.Bytes)
	}
	for _, t := range info.Tags {
		fmt.Fprintf(w, "tag:\t%s\t%s\t%s\n", t.Name, t.Commit, stamp(t.Created))
	}
	for _, o := range info.Open {
		fmt.Fprintf(w, "open commit:\t%s\t%s\t%s\n", o.Branch, o.ID, stamp(o.Started))
	}
	return w.Flush()
}

func (p *program) inspectBranchCommand() *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "show all that is known of a branch", UsageText: "pfsd branch inspect [--json] BRANCH.REPO",
		Description: "Example: pfsd branch inspect master.images",
		Flags:       []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			ref, err := branchArgument(c)
			if err != nil {
				return err
			}
			return p.withStore(c, func(ctx context.Context, store *control.Client) error {
				info, err := store.InspectBranch(ctx, control.BranchRequest{Ref: ref.String()})
				if err != nil {
					return err
				}
				if c.Bool(flagJSON) {
					return p.printJSON(info)
				}
				return p.printBranch(info)
			})
		},
	}
}

func (p *program) printBranch(info control.BranchInfo) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	row := func(key string, value any) { fmt.Fprintf(w, "%s:\t%v\n", key, value) }
	row("branch", info.Name+"."+info.Branch.Repo)
	row("created", stamp(info.Created))
	row("head", info.Head)
	row("changed", stamp(info.Changed))
	if info.Pending {
		row("pending", "changes that are in no commit yet")
	}
	row("files", info.Totals.Files)
	row("bytes", info.Totals.Bytes)
	row("keep automatic", info.Keep)
	for _, o := range info.Open {
		row("open commit", fmt.Sprintf("%s  %s", o.ID, stamp(o.Started)))
	}
	return w.Flush()
}
