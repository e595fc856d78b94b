package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) repoCommand() *cli.Command {
	return &cli.Command{
		Name: "repo", Usage: "make, list, inspect, rename and delete repos",
		Subcommands: []*cli.Command{
			{
				Name: "create", Usage: "make a repo with an empty branch master", UsageText: "pfsd repo create [--json] REPO",
				Description: "Example: pfsd repo create images",
				Flags:       []cli.Flag{jsonFlag()},
				Action:      p.createRepo,
			},
			{
				Name: "list", Usage: "list the repos", UsageText: "pfsd repo list [-q] [--json]",
				Description: "Example: pfsd repo list",
				Flags:       []cli.Flag{quietFlag(), jsonFlag()},
				Action:      p.listRepos,
			},
			{
				Name: "delete", Usage: "delete a repo with all its branches", UsageText: "pfsd repo delete [--force] [--json] REPO",
				Description: "Example: pfsd repo delete --force images",
				Flags:       []cli.Flag{&cli.BoolFlag{Name: "force", Usage: "delete it even when there are files in it"}, jsonFlag()},
				Action:      p.deleteRepo,
			},
			p.renameRepoCommand(), p.inspectRepoCommand(),
		},
	}
}

func (p *program) createRepo(c *cli.Context) error {
	name, err := onlyName(c)
	if err != nil {
		return err
	}
	return p.withNewStore(c, func(ctx context.Context, store *control.Client) error {
		repo, err := store.CreateRepo(ctx, control.RepoRequest{Name: name, By: p.author()})
		return p.done(c, repo, err)
	})
}

func (p *program) deleteRepo(c *cli.Context) error {
	name, err := onlyName(c)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		err := store.DeleteRepo(ctx, control.RepoRequest{Name: name, Force: c.Bool("force"), By: p.author()})
		return p.done(c, named{Name: name}, err)
	})
}

func (p *program) listRepos(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return printAll(p, c, store.Repos(ctx), func(w io.Writer, r pfs.Repo) {
			if c.Bool(flagQuiet) {
				fmt.Fprintln(w, r.Name)
				return
			}
			fmt.Fprintf(w, "%s  %s\n", stamp(r.Created), r.Name)
		})
	})
}
