package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) globCommand() *cli.Command {
	return &cli.Command{
		Name: "glob", Usage: "list the paths of a version that match a pattern", UsageText: "pfsd glob [--json] ADDRESS:/PATTERN",
		Description: "In a PATTERN * is any characters but /, ? is one, [a-z] is one of a class, {a,b} is either, and **\n" +
			"is any directories. Quote it for the shell.\n\nExample: pfsd glob 'master.images:/train/**/*.jpg'",
		Flags: []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			args, err := operands(c, 1, 1)
			if err != nil {
				return err
			}
			a, err := parseAddress(args[0])
			if err != nil {
				return err
			}
			if a.path == "" {
				return fmt.Errorf("%s has no pattern: give ADDRESS:/PATTERN", args[0])
			}
			return p.withStore(c, func(ctx context.Context, store *control.Client) error {
				found := store.Glob(ctx, control.FileRequest{Ref: a.ref.String(), Path: a.path})
				return printAll(p, c, found, func(w io.Writer, e control.Entry) { fmt.Fprintln(w, p.listed(e, true)) })
			})
		},
	}
}
