package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) cpCommand() *cli.Command {
	return &cli.Command{
		Name: "cp", Usage: "copy files and directories of any versions into a branch, in one commit",
		UsageText: "pfsd cp [-r] [-m MESSAGE] [--json] SOURCE:/PATH... ADDRESS:/PATH",
		Description: "No bytes are copied, whatever the size: what is equal is stored once. A file that is there already, and is the " +
			"same, keeps its version. Prints the commit, unless nothing has changed.\n\n" +
			"Example: pfsd cp -r master~3.images:/train master.images:/train-before",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "r", Aliases: []string{"recursive"}, Usage: "copy directories with all that is in them"},
			messageFlag(), jsonFlag(),
		},
		Action: func(c *cli.Context) error { return p.arrangeFiles(c, (*control.Client).Copy) },
	}
}

func (p *program) mvCommand() *cli.Command {
	return &cli.Command{
		Name: "mv", Usage: "move files and directories of a branch, in one commit",
		UsageText:   "pfsd mv [-m MESSAGE] [--json] ADDRESS:/PATH... ADDRESS:/PATH",
		Description: "Prints the commit.\n\nExample: pfsd mv master.images:/train master.images:/old/train",
		Flags:       []cli.Flag{messageFlag(), jsonFlag()},
		Action: func(c *cli.Context) error {
			args, err := operands(c, 2, -1)
			if err != nil {
				return err
			}
			var branch address
			for i, arg := range args {
				a, err := parseAddress(arg)
				switch {
				case err != nil:
					return err
				case i > 0 && a.ref != branch.ref:
					return errors.New("a move is within one branch: use pfsd cp, then pfsd rm")
				case a.path == "" && i < len(args)-1:
					return fmt.Errorf("the root of %s cannot be moved: move what is in it", a.ref)
				}
				branch = a
			}
			return p.arrangeFiles(c, (*control.Client).Move)
		},
	}
}

// arranging is an operation of the control API that copies or moves.
type arranging func(store *control.Client, ctx context.Context, r control.FilesRequest) (control.Commit, error)

func (p *program) arrangeFiles(c *cli.Context, f arranging) error {
	args, err := operands(c, 2, -1)
	if err != nil {
		return err
	}
	to, err := parseAddress(args[len(args)-1])
	if err != nil {
		return err
	}
	req := control.FilesRequest{
		Ref: to.ref.String(), To: to.path, Into: to.dir && to.path != "", Recursive: c.Bool("r"),
		Message: c.String(flagMessage), By: p.author(),
	}
	for _, arg := range args[:len(args)-1] {
		a, err := parseAddress(arg)
		if err != nil {
			return err
		}
		req.Sources = append(req.Sources, control.Place{Ref: a.ref.String(), Path: a.path})
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		commit, err := f(store, ctx, req)
		if err != nil {
			return err
		}
		return p.printCommit(c, commit)
	})
}

func (p *program) mkdirCommand() *cli.Command {
	return &cli.Command{
		Name: "mkdir", Usage: "make directories in a branch, in one commit",
		UsageText:   "pfsd mkdir [-p] [-m MESSAGE] [--json] ADDRESS:/PATH...",
		Description: "Prints the commit.\n\nExample: pfsd mkdir -p master.images:/train/new",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "p", Aliases: []string{"parents"}, Usage: "make missing ones above, too, and take those that are there"},
			messageFlag(), jsonFlag(),
		},
		Action: p.mkdir,
	}
}

func (p *program) mkdir(c *cli.Context) error {
	args, err := operands(c, 1, -1)
	if err != nil {
		return err
	}
	req := control.FilesRequest{Parents: c.Bool("p"), Message: c.String(flagMessage), By: p.author()}
	for _, arg := range args {
		a, err := parseAddress(arg)
		switch {
		case err != nil:
			return err
		case req.Ref != "" && a.ref.String() != req.Ref:
			return errors.New("one mkdir is one commit: all directories must be in one branch")
		case a.path == "":
			return fmt.Errorf("%s has no path: give ADDRESS:/PATH", arg)
		}
		req.Ref = a.ref.String()
		req.Paths = append(req.Paths, a.path)
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		commit, err := store.MakeDir(ctx, req)
		if err != nil {
			return err
		}
		return p.printCommit(c, commit)
	})
}
