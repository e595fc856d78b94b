package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) commitCommand() *cli.Command {
	return &cli.Command{
		Name: "commit", Usage: "start, finish, abort, list and inspect commits",
		Subcommands: []*cli.Command{
			{
				Name: "start", Usage: "start a commit on a branch", UsageText: "pfsd commit start [-m MESSAGE] [--json] BRANCH.REPO",
				Description: "Prints its id. ID.BRANCH.REPO is then an address like that of a branch, in which many can write\n" +
					"at a time, through S3, mounts and commands; the branch shows nothing of it until it is finished.\n\n" +
					"Example: pfsd commit start -m 'new labels' master.images",
				Flags:  []cli.Flag{messageFlag(), jsonFlag()},
				Action: p.startCommit,
			},
			{
				Name: "finish", Usage: "make all that is in an open commit visible on its branch, at once",
				UsageText: "pfsd commit finish [-m MESSAGE] [--ours | --theirs] [--json] ID.BRANCH.REPO",
				Description: "Paths that have been changed in another way on the branch meanwhile are printed, one a line, and\n" +
					"nothing is done, unless --ours or --theirs says which side counts.\n\n" +
					"Example: pfsd commit finish 0123456789abcdef0123456789abcdef.master.images",
				Flags:  append(resolveFlags(), messageFlag(), jsonFlag()),
				Action: p.finishCommit,
			},
			{
				Name: "abort", Usage: "drop an open commit with all that is in it", UsageText: "pfsd commit abort [--json] ID.BRANCH.REPO",
				Description: "Example: pfsd commit abort 0123456789abcdef0123456789abcdef.master.images",
				Flags:       []cli.Flag{jsonFlag()},
				Action:      p.abortCommit,
			},
			{
				Name: "list", Usage: "list the commits of a branch, open ones first",
				UsageText:   "pfsd commit list [-n COUNT] [--open] [-q] [--json] BRANCH.REPO",
				Description: "Example: pfsd commit list --open master.images",
				Flags: []cli.Flag{
					&cli.IntFlag{Name: "n", Usage: "show at most `COUNT` finished commits"},
					&cli.BoolFlag{Name: "open", Usage: "show only those that are not finished"},
					quietFlag(), jsonFlag(),
				},
				Action: p.listCommits,
			},
			{
				Name: "inspect", Usage: "show all that is known of a commit", UsageText: "pfsd commit inspect [--json] ADDRESS",
				Description: "Of a branch it is the last commit.\n\nExample: pfsd commit inspect master~3.images",
				Flags:       []cli.Flag{jsonFlag()},
				Action:      p.inspectCommit,
			},
		},
	}
}

func (p *program) startCommit(c *cli.Context) error {
	ref, err := branchArgument(c)
	if err != nil {
		return err
	}
	req := control.ChangeRequest{Ref: ref.String(), Message: c.String(flagMessage), By: p.author()}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		open, err := store.StartCommit(ctx, req)
		if err != nil {
			return err
		}
		if c.Bool(flagJSON) {
			return p.printJSON(open)
		}
		_, err = fmt.Fprintln(p.stdout, open.ID)
		return err
	})
}

// openArgument returns the command's argument, the address of an open commit.
func openArgument(c *cli.Context) (control.Ref, error) {
	args, err := operands(c, 1, 1)
	if err != nil {
		return control.Ref{}, err
	}
	ref, err := parseRef(args[0])
	if err == nil && (!ref.MayBeCommit() || ref.Committed) {
		err = fmt.Errorf("%s is not an open commit: give ID.BRANCH.REPO, as pfsd commit list --open prints it", args[0])
	}
	return ref, err
}

func (p *program) finishCommit(c *cli.Context) error {
	ref, err := openArgument(c)
	if err != nil {
		return err
	}
	return finished(ref, p.change(c, control.ChangeRequest{Ref: ref.String()}, (*control.Client).FinishCommit))
}

func (p *program) abortCommit(c *cli.Context) error {
	ref, err := openArgument(c)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		id, err := store.AbortCommit(ctx, control.ChangeRequest{Ref: ref.String()})
		return finished(ref, p.done(c, named{Repo: ref.Repo, ID: id.String()}, err))
	})
}

// finished returns err, or, when it says that a commit cannot be changed, why and what to do.
func finished(ref control.Ref, err error) error {
	if pfs.KindOf(err) != pfs.KindReadOnly {
		return err
	}
	return fmt.Errorf("%s: the commit is finished; start another with: pfsd commit start BRANCH.%s", ref, ref.Repo)
}

func (p *program) listCommits(c *cli.Context) error {
	ref, err := branchArgument(c)
	if err != nil {
		return err
	}
	if c.IsSet("n") && c.Int("n") < 1 {
		return usage(c, "-n is at least 1")
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		open := store.OpenCommits(ctx, control.BranchRequest{Ref: ref.String()})
		err := printAll(p, c, open, func(w io.Writer, o pfs.OpenCommit) {
			if c.Bool(flagQuiet) {
				fmt.Fprintln(w, o.ID)
				return
			}
			fmt.Fprintf(w, "%s  %s  open   %s  on %s  %s\n",
				o.ID, stamp(o.Started), orDash(p.name(o.Author)), o.Base, p.subject(o.Message))
		})
		if err != nil || c.Bool("open") {
			return err
		}
		return printAll(p, c, store.Log(ctx, control.FileRequest{Ref: ref.String(), Limit: c.Int("n")}), p.logPrinter(c))
	})
}

func (p *program) inspectCommit(c *cli.Context) error {
	args, err := operands(c, 1, 1)
	if err != nil {
		return err
	}
	ref, err := parseRef(args[0])
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		info, err := store.InspectCommit(ctx, control.FileRequest{Ref: ref.String()})
		if err != nil {
			return err
		}
		if c.Bool(flagJSON) {
			return p.printJSON(info)
		}
		return p.printCommitInfo(p.stdout, info)
	})
}

func (p *program) printCommitInfo(out io.Writer, info control.CommitInfo) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(key string, value any) { fmt.Fprintf(w, "%s:\t%v\n", key, value) }
	fmt.Fprintf(w, "commit:\t%s\n", p.paint(styleID, info.ID.String()))
	if info.Open {
		row("state", "open on "+info.Branch+"."+info.Repo)
	}
	for _, parent := range info.Parents {
		row("parent", parent)
	}
	row("author", orDash(p.name(info.Author)))
	row("time", stamp(info.Time))
	row("origin", info.Origin)
	if len(info.Heads) > 0 {
		row("head of", strings.Join(info.Heads, ", "))
	}
	if len(info.Tags) > 0 {
		row("tags", strings.Join(info.Tags, ", "))
	}
	row("holds", fmt.Sprintf("%s, %d bytes", plural(info.Files, "file"), info.Bytes))
	if info.Message != "" {
		row("message", p.name(info.Message))
	}
	return w.Flush()
}
