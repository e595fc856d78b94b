package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

// lostBranch is the branch on which lost contents are put unless another is named.
const lostBranch = "lost-found"

func (p *program) lostCommand() *cli.Command {
	return &cli.Command{
		Name: "lost", Usage: "show and bring back what no name leads to, as after a repair",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list commits and contents that no name leads to",
				UsageText: "pfsd lost list [--json]",
				Description: "Of a commit all files can be had with: pfsd branch create --from COMMIT.REPO NAME.REPO. Of a content only\n" +
					"its size is known, the hash of its bytes where that does not take reading all, and the type that\n" +
					"its first bytes tell.\n\nExample: pfsd lost list",
				Flags: []cli.Flag{jsonFlag()}, Action: p.lostList,
			},
			{
				Name: "restore", Usage: "put contents that no name leads to on a branch",
				UsageText: "pfsd lost restore [--json] [REPO | BRANCH.REPO]",
				Description: "The branch, of the repo lost-found unless another is named, is made if need be. Files are named by\n" +
					"the hash of their bytes. A repo of which only the record is lost gets a name again that begins with\n" +
					"lost-. It exits with 1 when a content cannot be read whole.\n\nExample: pfsd lost restore",
				Flags: []cli.Flag{jsonFlag()}, Action: p.lostRestore,
			},
		},
	}
}

func (p *program) lostList(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return printAll(p, c, store.Lost(ctx), p.printLost)
	})
}

func (p *program) printLost(w io.Writer, l control.Lost) {
	switch {
	case l.Commit != nil && l.Commit.Repo == "":
		fmt.Fprintf(w, "commit  %s  of a repo whose record is lost: first run pfsd lost restore\n", l.Commit.ID)
	case l.Commit != nil:
		fmt.Fprintf(w, "commit  %s.%s  %s  %s\n", l.Commit.ID, l.Commit.Repo, stamp(l.Commit.Time), p.name(l.Commit.Message))
	case l.Content.Error != "":
		fmt.Fprintf(w, "damaged  %s  %s\n", humanize.IBytes(uint64(l.Content.Size)), p.name(l.Content.Error))
	default:
		hash := l.Content.Hash
		if hash == "" {
			hash = fmt.Sprintf("%-64s", "hash not known")
		}
		fmt.Fprintf(w, "content  %s  %s  %s\n", hash, humanize.IBytes(uint64(l.Content.Size)), l.Content.Type)
	}
}

func (p *program) lostRestore(c *cli.Context) error {
	args, err := operands(c, 0, 1)
	if err != nil {
		return err
	}
	name := lostBranch
	if len(args) > 0 {
		name = args[0]
	}
	ref, err := parseRef(name)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		done, err := store.RestoreLost(ctx, control.LostRequest{Ref: ref.String(), By: person()})
		if err != nil {
			return err
		}
		if c.Bool(flagJSON) {
			err = p.printJSON(done)
		} else {
			for _, repo := range done.Repos {
				fmt.Fprintf(p.stdout, "the repo whose record was lost is %s now\n", repo)
			}
			for _, damaged := range done.Damaged {
				fmt.Fprintf(p.stdout, "damaged: %s\n", p.name(damaged))
			}
			fmt.Fprintf(p.stdout, "restored %s, %s, to %s\n", plural(uint64(done.Files), "file"),
				humanize.IBytes(uint64(done.Bytes)), ref.String())
		}
		if err == nil && len(done.Damaged) > 0 {
			err = errFound
		}
		return err
	})
}
