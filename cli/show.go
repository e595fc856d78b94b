package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) showCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show a commit and what it changed",
		UsageText:   "pfsd show [--stat | --names | --patch] [--json] ADDRESS",
		Description: "Of a branch it is the last commit.\n\nExample: pfsd show --patch master^.images",
		Flags:       append(diffFlags(), jsonFlag()),
		Action:      p.show,
	}
}

func (p *program) show(c *cli.Context) error {
	args, err := operands(c, 1, 1)
	if err != nil {
		return err
	}
	ref, err := parseRef(args[0])
	if err != nil {
		return err
	}
	form, err := diffForm(c)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		info, err := store.InspectCommit(ctx, control.FileRequest{Ref: ref.String()})
		if err != nil {
			return err
		}
		return p.paged(c, func() error {
			if c.Bool(flagJSON) {
				err = p.printJSON(info)
			} else {
				err = errors.Join(p.printCommitInfo(p.stdout, info), newline(p))
			}
			if err != nil || len(info.Parents) == 0 {
				return err
			}
			d := differ{p: p, c: c, store: store, form: form,
				from: info.Parents[0].String() + "." + info.Repo, to: info.ID.String() + "." + info.Repo}
			return d.print(ctx, "")
		})
	})
}

func newline(p *program) error {
	_, err := fmt.Fprintln(p.stdout)
	return err
}
