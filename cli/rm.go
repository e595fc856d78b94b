package cli

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) rmCommand() *cli.Command {
	return &cli.Command{
		Name: "rm", Usage: "remove files from a branch, in one commit", UsageText: "pfsd rm [-r] ADDRESS:/PATH...",
		Description: "What is removed stays in the commits before. Prints the commit.\n\nExample: pfsd rm -r master.images:/train",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "r", Aliases: []string{"recursive"}, Usage: "remove directories with all that is in them"},
			messageFlag(), jsonFlag(),
		},
		Action: p.remove,
	}
}

func (p *program) remove(c *cli.Context) error {
	args, err := operands(c, 1, -1)
	if err != nil {
		return err
	}
	req := control.RemoveRequest{Recursive: c.Bool("r"), Message: c.String(flagMessage), By: p.author()}
	var branch control.Ref
	for i, arg := range args {
		a, err := parseAddress(arg)
		switch {
		case err != nil:
			return err
		case i > 0 && a.ref != branch:
			return errors.New("one rm is one commit: all files must be of one branch")
		}
		branch = a.ref
		req.Paths = append(req.Paths, a.path)
	}
	req.Ref = branch.String()
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		commit, err := store.Remove(ctx, req)
		if err != nil {
			return err
		}
		return p.printCommit(c, commit)
	})
}
