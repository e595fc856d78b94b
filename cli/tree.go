package cli

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) treeCommand() *cli.Command {
	return &cli.Command{
		Name: "tree", Usage: "show a directory of a version and all that is below it as a tree",
		UsageText:   "pfsd tree [-L DEPTH] [--json] ADDRESS[:/PATH]",
		Description: "Example: pfsd tree -L 2 master.images",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "L", Usage: "go down at most `DEPTH` directories"},
			jsonFlag(),
		},
		Action: p.tree,
	}
}

func (p *program) tree(c *cli.Context) error {
	a, err := onlyAddress(c)
	if err != nil {
		return err
	}
	if c.IsSet("L") && c.Int("L") < 1 {
		return usage(c, "-L is at least 1")
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		ref, _, err := pin(ctx, store, a)
		if err != nil {
			return err
		}
		if c.Bool(flagJSON) {
			req := control.FileRequest{Ref: ref, Path: a.path, Recursive: true}
			return printAll(p, c, store.List(ctx, req), func(io.Writer, control.Entry) {})
		}
		if _, err := store.Stat(ctx, control.FileRequest{Ref: ref, Path: a.path}); err != nil {
			return asTyped(err, ref, a)
		}
		return p.paged(c, func() error {
			t := treePrinter{p: p, store: store, ref: ref, depth: c.Int("L")}
			if _, err := fmt.Fprintln(p.stdout, p.name(a.String())); err != nil {
				return err
			}
			if err := t.dir(ctx, a.path, "", 1); err != nil {
				return asTyped(err, ref, a)
			}
			_, err := fmt.Fprintf(p.stdout, "\n%d directories, %s\n", t.dirs, plural(t.files, "file"))
			return err
		})
	})
}

// treePrinter prints directories as a tree.
type treePrinter struct {
	p     *program
	store *control.Client
	ref   string
	// depth is how many directories it goes down; 0 for all.
	depth       int
	dirs, files uint64
}

// dir prints what is in a directory, behind a prefix that stands for those above it.
func (t *treePrinter) dir(ctx context.Context, path, prefix string, depth int) error {
	next, stop := iter.Pull2(t.store.List(ctx, control.FileRequest{Ref: t.ref, Path: path}))
	defer stop()
	e, err, ok := next()
	for ok {
		if err != nil {
			return err
		}
		following, nextErr, more := next()
		branch, below := "├── ", "│   "
		if !more {
			branch, below = "└── ", "    "
		}
		if _, err := fmt.Fprintf(t.p.stdout, "%s%s%s\n", prefix, branch, t.p.listed(e, false)); err != nil {
			return err
		}
		if e.Kind != "dir" {
			t.files++
		} else {
			t.dirs++
			if t.depth == 0 || depth < t.depth {
				if err := t.dir(ctx, e.Path, prefix+below, depth+1); err != nil {
					return err
				}
			}
		}
		e, err, ok = following, nextErr, more
	}
	return nil
}
