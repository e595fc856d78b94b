package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

// changeFlags are those of commands that bring changes into a branch.
func changeFlags() []cli.Flag { return append(resolveFlags(), messageFlag(), jsonFlag()) }

func (p *program) mergeCommand() *cli.Command {
	return &cli.Command{
		Name: "merge", Usage: "bring the changes of a version into a branch",
		UsageText: "pfsd merge [-m MESSAGE] [--ours | --theirs] [--json] SOURCE TARGET",
		Description: "SOURCE is an ADDRESS, TARGET a BRANCH.REPO. A branch without changes of its own moves on to SOURCE;\n" +
			"else a commit with both as parents is made, by path. Paths that both have changed are printed, one\n" +
			"a line, and nothing is done, unless --ours (TARGET) or --theirs says which side counts. Prints the\n" +
			"commit that TARGET is at then.\n\nExample: pfsd merge retry.images master.images",
		Flags:  changeFlags(),
		Action: func(c *cli.Context) error { return p.bring(c, (*control.Client).Merge) },
	}
}

func (p *program) cherryPickCommand() *cli.Command {
	return &cli.Command{
		Name: "cherry-pick", Usage: "do on a branch what a commit did elsewhere",
		UsageText: "pfsd cherry-pick [-m MESSAGE] [--ours | --theirs] [--json] COMMIT BRANCH.REPO",
		Description: "COMMIT is any ADDRESS. Conflicts are as with pfsd merge.\n\n" +
			"Example: pfsd cherry-pick retry^.images master.images",
		Flags:  changeFlags(),
		Action: func(c *cli.Context) error { return p.bring(c, (*control.Client).CherryPick) },
	}
}

// bring runs an operation with a version and the branch that it goes into.
func (p *program) bring(c *cli.Context, f changing) error {
	args, err := operands(c, 2, 2)
	if err != nil {
		return err
	}
	source, err := parseRef(args[0])
	if err != nil {
		return err
	}
	target, err := parseTarget(args[1])
	if err != nil {
		return err
	}
	return p.change(c, control.ChangeRequest{Ref: target.String(), From: source.String()}, f)
}

// parseTarget parses an argument that must name what can be changed: a branch, or an open commit.
func parseTarget(arg string) (control.Ref, error) {
	ref, err := parseRef(arg)
	if err == nil && ref.Committed {
		err = fmt.Errorf("%s is not the name of a branch: give BRANCH.REPO", arg)
	}
	return ref, err
}

func (p *program) revertCommand() *cli.Command {
	return &cli.Command{
		Name: "revert", Usage: "undo what a commit did, with a commit",
		UsageText: "pfsd revert [--on BRANCH.REPO] [-m MESSAGE] [--ours | --theirs] [--json] COMMIT",
		Description: "COMMIT is an ADDRESS with a branch, as COMMIT.BRANCH.REPO or master^.images, which is the one changed\n" +
			"unless --on names another. Conflicts are as with pfsd merge.\n\nExample: pfsd revert master^.images",
		Flags:  append(changeFlags(), &cli.StringFlag{Name: "on", Usage: "the `BRANCH.REPO` to be changed"}),
		Action: p.revert,
	}
}

func (p *program) revert(c *cli.Context) error {
	args, err := operands(c, 1, 1)
	if err != nil {
		return err
	}
	commit, err := parseRef(args[0])
	if err != nil {
		return err
	}
	req := control.ChangeRequest{From: commit.String()}
	if on := c.String("on"); on != "" {
		target, err := parseTarget(on)
		if err != nil {
			return err
		}
		req.Ref = target.String()
	}
	return p.change(c, req, (*control.Client).Revert)
}
