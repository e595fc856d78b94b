package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) catCommand() *cli.Command {
	return &cli.Command{
		Name: "cat", Usage: "write files to stdout", UsageText: "pfsd cat ADDRESS:/PATH...",
		Description: "Example, a file as it was three commits ago: pfsd cat master~3.images:/note.txt",
		Action:      p.cat,
	}
}

func (p *program) cat(c *cli.Context) error {
	args, err := operands(c, 1, -1)
	if err != nil {
		return err
	}
	files := make([]address, len(args))
	for i, arg := range args {
		if files[i], err = parseAddress(arg); err != nil {
			return err
		}
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		for _, a := range files {
			req := control.FileRequest{Ref: a.ref.String(), Path: a.path}
			if err := store.Cat(ctx, req, p.stdout); err != nil {
				return err
			}
		}
		return nil
	})
}
