package cli

import (
	"context"
	"fmt"
	"io"
	"path"
	"strconv"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) lsCommand() *cli.Command {
	return &cli.Command{
		Name: "ls", Usage: "list a directory of a version", UsageText: "pfsd ls [-l] [-R] [--human] [--json] ADDRESS[:/PATH]",
		Description: "Example: pfsd ls -l master.images:/train",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "l", Usage: "show mode, owner, size and time"},
			&cli.BoolFlag{Name: "R", Usage: "list what is below the directories, too, with whole paths"},
			&cli.BoolFlag{Name: "human", Aliases: []string{"H"}, Usage: "with -l, show sizes as 1.5 MiB"},
			jsonFlag(),
		},
		Action: p.list,
	}
}

func (p *program) list(c *cli.Context) error {
	a, err := onlyAddress(c)
	if err != nil {
		return err
	}
	recursive := c.Bool("R")
	req := control.FileRequest{Ref: a.ref.String(), Path: a.path, Recursive: recursive}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		size := func(n uint64) string { return strconv.FormatUint(n, 10) }
		if c.Bool("human") {
			size = humanize.IBytes
		}
		return p.paged(c, func() error {
			return printAll(p, c, store.List(ctx, req), func(w io.Writer, e control.Entry) {
				if c.Bool("l") {
					mode := modeString(e.Kind, e.Mode)
					fmt.Fprintf(w, "%s %5d %5d %12s %s ", mode, e.UID, e.GID, size(sizeOf(e)), stamp(e.Mtime))
				}
				fmt.Fprintln(w, p.listed(e, recursive))
			})
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
		return p.paint(styleDir, name) + "/"
	case "symlink":
		return p.paint(styleLink, name) + " -> " + p.name(e.Target)
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
