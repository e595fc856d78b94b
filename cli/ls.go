package cli

import (
	"context"
	"fmt"
	"io"
	"path"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) lsCommand() *cli.Command {
	return &cli.Command{
		Name: "ls", Usage: "list a directory of a version", UsageText: "pfsd ls [-l] [-R] [--json] ADDRESS[:/PATH]",
		Description: "Example: pfsd ls -l master.images:/train",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "l", Usage: "show mode, owner, size and time"},
			&cli.BoolFlag{Name: "R", Usage: "list what is below the directories, too, with whole paths"},
			jsonFlag(),
		},
		Action: p.list,
	}
}

func (p *program) list(c *cli.Context) error {
	args, err := operands(c, 1, 1)
	if err != nil {
		return err
	}
	a, err := parseAddress(c, args[0])
	if err != nil {
		return err
	}
	recursive := c.Bool("R")
	req := control.FileRequest{Ref: a.ref.String(), Path: a.path, Recursive: recursive}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return printAll(p, c, store.List(ctx, req), func(w io.Writer, e control.Entry) {
			if c.Bool("l") {
				fmt.Fprintf(w, "%s %5d %5d %12d %s ", modeString(e.Kind, e.Mode), e.UID, e.GID, sizeOf(e), stamp(e.Mtime))
			}
			fmt.Fprintln(w, p.listed(e, recursive))
		})
	})
}

// listed returns an entry's name, or its whole path, as ls shows it.
func (p *program) listed(e control.Entry, whole bool) string {
	name := e.Path
	if !whole {
		name = path.Base(name)
	}
	name = p.name(name)
	switch e.Kind {
	case "dir":
		return name + "/"
	case "symlink":
		return name + " -> " + p.name(e.Target)
	}
	return name
}

// sizeOf is an entry's size; a directory's is that of all files below it.
func sizeOf(e control.Entry) uint64 {
	if e.Kind == "dir" {
		return e.Bytes
	}
	return uint64(e.Size)
}
