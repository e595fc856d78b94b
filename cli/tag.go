package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) tagCommand() *cli.Command {
	return &cli.Command{
		Name: "tag", Usage: "make, list and delete tags, the lasting names of commits",
		Subcommands: []*cli.Command{
			{
				Name: "create", Usage: "name a commit", UsageText: "pfsd tag create [--from ADDRESS] [--json] TAG.REPO",
				Description: "Without --from it is the last commit of master.\n\n" +
					"Example: pfsd tag create --from master~3.images v1.images",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "from", Usage: "the version to name, an `ADDRESS` in the same repo"}, jsonFlag(),
				},
				Action: p.createTag,
			},
			{
				Name: "list", Usage: "list the tags of a repo, or all", UsageText: "pfsd tag list [-q] [--json] [REPO]",
				Description: "Example: pfsd tag list images",
				Flags:       []cli.Flag{quietFlag(), jsonFlag()},
				Action:      p.listTags,
			},
			{
				Name: "delete", Usage: "delete a tag; its commit stays", UsageText: "pfsd tag delete [--json] TAG.REPO",
				Description: "pfsd undelete brings it back.\n\nExample: pfsd tag delete v1.images",
				Flags:       []cli.Flag{jsonFlag()},
				Action:      p.deleteTag,
			},
		},
	}
}

// tagArgument returns the command's argument, the address of a tag.
func tagArgument(c *cli.Context) (pfs.Ref, error) {
	args, err := operands(c, 1, 1)
	if err != nil {
		return pfs.Ref{}, err
	}
	ref, err := parseRef(args[0])
	if err == nil && !ref.IsBranch() {
		err = fmt.Errorf("%s is not the name of a tag: give TAG.REPO", args[0])
	}
	return ref.Ref, err
}

func (p *program) createTag(c *cli.Context) error {
	ref, err := tagArgument(c)
	if err != nil {
		return err
	}
	from := control.Ref{Ref: pfs.BranchRef(ref.Repo, pfs.DefaultBranch)}
	if arg := c.String("from"); arg != "" {
		if from, err = parseSource(arg, ref); err != nil {
			return err
		}
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		tag, err := store.CreateTag(ctx, control.TagRequest{Ref: ref.String(), From: from.String()})
		return p.done(c, tag, err)
	})
}

func (p *program) deleteTag(c *cli.Context) error {
	ref, err := tagArgument(c)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		err := store.DeleteTag(ctx, control.TagRequest{Ref: ref.String()})
		if pfs.KindOf(err) == pfs.KindBranchNotFound {
			return fmt.Errorf("%s: no such tag; see the tags with: pfsd tag list %s", ref, ref.Repo)
		}
		return p.done(c, named{Repo: ref.Repo, Name: ref.Name}, err)
	})
}

func (p *program) listTags(c *cli.Context) error {
	repo, err := optionalName(c)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return printAll(p, c, store.Tags(ctx, control.TagRequest{Repo: repo}), func(w io.Writer, t pfs.Tag) {
			if c.Bool(flagQuiet) {
				fmt.Fprintf(w, "%s.%s\n", t.Name, t.Repo)
				return
			}
			fmt.Fprintf(w, "%s  %s  %s.%s\n", stamp(t.Created), t.Commit, t.Name, t.Repo)
		})
	})
}
