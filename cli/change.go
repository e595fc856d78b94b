package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

// The flags that several commands have.
const (
	flagQuiet   = "q"
	flagMessage = "m"
)

func quietFlag() cli.Flag {
	return &cli.BoolFlag{Name: flagQuiet, Aliases: []string{"quiet"}, Usage: "print bare ids or names only"}
}

func messageFlag() cli.Flag {
	return &cli.StringFlag{Name: flagMessage, Aliases: []string{"message"}, Usage: "the commit's `MESSAGE`"}
}

func resolveFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "ours", Usage: "where both sides have changed a path, keep what the branch has"},
		&cli.BoolFlag{Name: "theirs", Usage: "where both sides have changed a path, take what is brought in"},
	}
}

// resolution returns which side counts where both have changed a path.
func resolution(c *cli.Context) (string, error) {
	switch ours, theirs := c.Bool("ours"), c.Bool("theirs"); {
	case ours && theirs:
		return "", usage(c, "--ours and --theirs exclude one another")
	case ours:
		return "ours", nil
	case theirs:
		return "theirs", nil
	}
	return "", nil
}

// authorVariable names, in the environment, who makes changes.
const authorVariable = "PFSD_AUTHOR"

// author returns on whose behalf changes are made: that of PFSD_AUTHOR, else of the user who runs this process.
func (p *program) author() control.Person {
	who := person()
	if name := p.getenv(authorVariable); name != "" {
		who.Name = name
	}
	return who
}

// changing is an operation of the control API that changes a branch.
type changing func(store *control.Client, ctx context.Context, r control.ChangeRequest) (control.Commit, error)

// change runs an operation with what the flags say, and prints the commit that it leads to. Conflicts are printed, too.
func (p *program) change(c *cli.Context, req control.ChangeRequest, f changing) error {
	resolve, err := resolution(c)
	if err != nil {
		return err
	}
	req.Resolve, req.Message, req.By = resolve, c.String(flagMessage), p.author()
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		commit, err := f(store, ctx, req)
		if err != nil {
			return p.conflicts(c, req, err)
		}
		return p.printCommit(c, commit)
	})
}

// conflicts prints the paths of a conflict, one a line, and returns what is to be said of err.
func (p *program) conflicts(c *cli.Context, req control.ChangeRequest, err error) error {
	var conflict *pfs.ConflictError
	if !errors.As(err, &conflict) {
		return err
	}
	for _, path := range conflict.Paths {
		if c.Bool(flagJSON) {
			err = json.NewEncoder(p.stdout).Encode(struct {
				Conflict string `json:"conflict"`
			}{path})
		} else {
			_, err = fmt.Fprintln(p.stdout, p.name(cmp.Or(path, "/")))
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %s changed on both sides, so nothing was done; say which counts with --ours or --theirs",
		cmp.Or(req.Ref, req.From), plural(uint64(len(conflict.Paths)), "path"))
}
