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
		Description: "Without an argument it lists what can be brought back, the latest first, and until when: 72 hours from when it\n" +
			"was deleted, unless pfsd gc --grace collects it before. A repo comes with the branches, tags and open commits\n" +
			"that it had when it was deleted. Commits that a branch left behind, by pfsd reset or squash say, are listed by\n" +
			"their addresses: pfsd branch create --from ID.REPO BRANCH.REPO gives one a name again.\n\n" +
			"Example: pfsd undelete retry.images",
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
			return printAll(p, c, store.Deletions(ctx), deletedLine)
		})
	}
	ref, err := parseRef(args[0])
	if err != nil {
		return err
	}
	if !ref.Commit.IsZero() {
		return fmt.Errorf("a commit has no name to bring back: give it one with: pfsd branch create --from %s BRANCH.%s", args[0], ref.Repo)
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

// deletedLine prints something deleted, or a commit that was left behind, in one line.
func deletedLine(w io.Writer, d pfs.Deleted) {
	name, from := d.Repo, ""
	if d.Name != "" {
		name = d.Name + "." + name
	}
	if !d.ID.IsZero() {
		name = d.ID.String() + "." + d.Repo
		if d.Name != "" {
			from = "  left by " + d.Name + "." + d.Repo
		}
	}
	fmt.Fprintf(w, "%s  %-6s  %s  %s%s\n", stamp(d.Time), d.Kind, name, until(d.Until), from)
}
