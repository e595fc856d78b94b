package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) undeleteCommand() *cli.Command {
	return &cli.Command{
		Name: "undelete", Usage: "bring back a repo, branch or tag that was deleted",
		UsageText: "pfsd undelete [--json] [REPO | BRANCH.REPO | TAG.REPO]",
		Description: "Without an argument it lists what can be brought back, the latest first. A repo comes with the\n" +
			"branches, tags and open commits that it had when it was deleted.\n\nExample: pfsd undelete retry.images",
		Flags:  []cli.Flag{jsonFlag()},
		Action: p.undelete,
	}
}

func (p *program) undelete(c *cli.Context) error {
	args, err := operands(c, 0, 1)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return p.withStore(c, func(ctx context.Context, store *control.Client) error {
			return printAll(p, c, store.Deletions(ctx), func(w io.Writer, d pfs.Deleted) {
				name := d.Repo
				if d.Name != "" {
					name = d.Name + "." + name
				}
				fmt.Fprintf(w, "%s  %-6s  %s\n", stamp(d.Time), d.Kind, name)
			})
		})
	}
	ref, err := parseRef(args[0])
	if err != nil {
		return err
	}
	if !ref.IsBranch() {
		return fmt.Errorf("%s is not the name of a repo, branch or tag; see what can be brought back with: pfsd undelete", args[0])
	}
	req, back := control.UndeleteRequest{Ref: ref.String()}, named{Repo: ref.Repo, Name: ref.Name}
	if pfs.CheckRefName(args[0]) == nil {
		req.Repo, back.Name = args[0], ""
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		switch err := store.Undelete(ctx, req); pfs.KindOf(err) {
		case pfs.KindRepoNotFound, pfs.KindBranchNotFound:
			return fmt.Errorf("%s was not deleted, or there is no repo for it; see what can be brought back with: pfsd undelete", args[0])
		default:
			return p.done(c, back, err)
		}
	})
}
