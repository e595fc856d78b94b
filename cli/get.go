package cli

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) getCommand() *cli.Command {
	return &cli.Command{
		Name: "get", Usage: "copy a file or directory of a version to local disk", UsageText: "pfsd get ADDRESS[:/PATH] [DEST]",
		Description: "A file goes to DEST or, when that is a directory, into it; a directory's files go into the\n" +
			"directory DEST. Without DEST it keeps its name, and - is stdout. Each file appears whole, and\n" +
			"with the hash that the store has for it, or not at all.\n\n" +
			"Example: pfsd get master~3.images:/train ./train-before",
		Action: p.get,
	}
}

func (p *program) get(c *cli.Context) error {
	args, err := operands(c, 1, 2)
	if err != nil {
		return err
	}
	a, err := parseAddress(c, args[0])
	if err != nil {
		return err
	}
	dest := ""
	if len(args) == 2 {
		dest = args[1]
	}
	req := control.FileRequest{Ref: a.ref.String(), Path: a.path, Recursive: true}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		if dest == "-" {
			return store.Cat(ctx, req, p.stdout)
		}
		r := receiver{warn: p.warn, place: func(e control.Entry) (string, string, error) { return place(a, e, dest) }}
		defer r.close()
		if err := store.Get(ctx, req, r.receive); err != nil {
			return err
		}
		return r.finish()
	})
}

// place returns the local directory, and the name in it, for what is at the address a: for a directory the name is empty.
func place(a address, top control.Entry, dest string) (dir, name string, err error) {
	name = path.Base(a.path)
	if a.path == "" {
		name = a.ref.Repo
	}
	if top.Kind == "dir" {
		if dest == "" {
			dest = name
		}
		return dest, "", os.MkdirAll(dest, 0o777)
	}
	if dest == "" {
		return ".", name, nil
	}
	if info, err := os.Stat(dest); err == nil && info.IsDir() || strings.HasSuffix(dest, "/") {
		return dest, name, nil
	}
	return filepath.Dir(dest), filepath.Base(dest), nil
}
