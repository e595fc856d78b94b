package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) resetCommand() *cli.Command {
	return &cli.Command{
		Name: "reset", Usage: "make a commit the last one of a branch", UsageText: "pfsd reset [--json] BRANCH.REPO TO",
		Description: "TO is an ADDRESS in the same repo. Prints the commit, and on stderr the last one before, by whose id\n" +
			"what is no longer in the branch's history can be read for 72 hours, and brought back with a reset to it;\n" +
			"what a tag or another branch has stays. pfsd reflog lists what the branch had, pfsd gc --grace can end it before.\n\n" +
			"Example: pfsd reset master.images master~2.images",
		Flags: []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			args, err := operands(c, 2, 2)
			if err != nil {
				return err
			}
			branch, err := parseBranch(args[0])
			if err != nil {
				return err
			}
			to, err := parseSource(args[1], branch)
			if err != nil {
				return err
			}
			return p.move(c, control.ChangeRequest{Ref: branch.String(), From: to.String()}, (*control.Client).Reset)
		},
	}
}

func (p *program) squashCommand() *cli.Command {
	return &cli.Command{
		Name: "squash", Usage: "make one commit of some that follow each other on a branch",
		UsageText: "pfsd squash --since ADDRESS [--until ADDRESS] [-m MESSAGE] [--json] BRANCH.REPO",
		Description: "The commits after --since become one, all of them or those up to --until; those after it are made anew,\n" +
			"each with its time, author and message. Tags and other branches stay where they are. Prints the last\n" +
			"commit of the branch, and on stderr the last one before, by whose id what was replaced can be read for\n" +
			"72 hours, and brought back with pfsd reset. pfsd reflog lists what the branch had, pfsd gc --grace can\n" +
			"end it before.\n\n" +
			"Example: pfsd squash --since master~5.images -m 'labels, all of them' master.images",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "the last commit that stays as it is, an `ADDRESS` in the branch's history"},
			&cli.StringFlag{Name: "until", Usage: "the last commit that goes into the one, an `ADDRESS` in the branch's history"},
			messageFlag(), jsonFlag(),
		},
		Action: func(c *cli.Context) error {
			branch, err := branchArgument(c)
			if err != nil {
				return err
			}
			if c.String("since") == "" {
				return usage(c, "say from where on: --since ADDRESS")
			}
			since, err := parseSource(c.String("since"), branch)
			if err != nil {
				return err
			}
			req := control.ChangeRequest{Ref: branch.String(), From: since.String()}
			if c.String("until") != "" {
				until, err := parseSource(c.String("until"), branch)
				if err != nil {
					return err
				}
				req.Until = until.String()
			}
			return p.move(c, req, (*control.Client).Squash)
		},
	}
}

// moving is an operation of the control API that may give a branch another head.
type moving func(store *control.Client, ctx context.Context, r control.ChangeRequest) (control.Rewritten, error)

// move runs an operation with what the flags say, and prints the head that it leads to; on stderr the head before.
func (p *program) move(c *cli.Context, req control.ChangeRequest, f moving) error {
	req.Message, req.By = c.String(flagMessage), p.author()
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		moved, err := f(store, ctx, req)
		switch {
		case err != nil:
			return p.conflicts(c, req, err)
		case c.Bool(flagJSON):
			return p.printJSON(moved)
		case moved.Was != moved.ID:
			stays := ""
			if !moved.Until.IsZero() {
				stays = ", which stays " + until(moved.Until)
			}
			p.warn("%s was at %s%s", req.Ref, moved.Was, stays)
		}
		return p.printCommit(c, moved.Commit)
	})
}

func (p *program) restoreCommand() *cli.Command {
	return &cli.Command{
		Name: "restore", Usage: "make a file or directory what it was in another version",
		UsageText: "pfsd restore --from ADDRESS [-m MESSAGE] [--json] ADDRESS:/PATH",
		Description: "What that version does not have is removed, and what is the same already keeps its version. No bytes are copied, " +
			"whatever the size. Prints the commit, unless nothing has changed.\n\n" +
			"Example: pfsd restore --from master~3.images master.images:/train",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "the version to take it from, an `ADDRESS`"},
			messageFlag(), jsonFlag(),
		},
		Action: func(c *cli.Context) error {
			a, err := onlyAddress(c)
			if err != nil {
				return err
			}
			if c.String("from") == "" {
				return usage(c, "say from which version: --from ADDRESS")
			}
			from, err := parseRef(c.String("from"))
			if err != nil {
				return err
			}
			req := control.ChangeRequest{Ref: a.ref.String(), Path: a.path, From: from.String()}
			return p.change(c, req, (*control.Client).Restore)
		},
	}
}
