package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) annotateCommand() *cli.Command {
	return &cli.Command{
		Name: "annotate", Aliases: []string{"blame"}, Usage: "show which commit last changed each entry of a directory",
		UsageText:   "pfsd annotate [-R] [--json] ADDRESS[:/PATH]",
		Description: "Example: pfsd annotate master.images:/train",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "R", Usage: "show what is below the directories, too, with whole paths"},
			jsonFlag(),
		},
		Action: p.annotate,
	}
}

func (p *program) annotate(c *cli.Context) error {
	a, err := onlyAddress(c)
	if err != nil {
		return err
	}
	recursive := c.Bool("R")
	req := control.FileRequest{Ref: a.ref.String(), Path: a.path, Recursive: recursive}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return p.paged(c, func() error {
			return printAll(p, c, store.Annotate(ctx, req), func(w io.Writer, e control.Annotated) {
				id := "-                               "
				if e.Version != nil {
					id = e.Version.String()
				}
				fmt.Fprintf(w, "%s  %s  %-5s  %s  %s\n", p.paint(styleID, id), stamp(e.Time), e.Origin, orDash(p.name(e.Author)),
					p.listed(e.Entry, recursive))
			})
		})
	})
}
