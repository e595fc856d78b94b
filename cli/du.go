package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) duCommand() *cli.Command {
	return &cli.Command{
		Name: "du", Usage: "show how many bytes versions take", UsageText: "pfsd du [--history] [--human] [--json] ADDRESS...",
		Description: "The columns: files; logical, the sum of their sizes; unique, of distinct files; physical, of the\n" +
			"distinct pieces that are stored; saved, logical less physical; alone, the part of physical that\n" +
			"nothing else in the store shares, and that would come back with it. It reads the whole store's\n" +
			"directories.\n\nExample: pfsd du --human master.images v1.images",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "history", Usage: "count all commits that end in the version, not it alone"},
			&cli.BoolFlag{Name: "human", Aliases: []string{"H"}, Usage: "print sizes as 1.5 MiB"},
			jsonFlag(),
		},
		Action: p.du,
	}
}

// usageLine is what one version takes, as --json prints it.
type usageLine struct {
	Address string `json:"address"`
	pfs.Usage
	Saved int64 `json:"saved"`
}

func (p *program) du(c *cli.Context) error {
	args, err := operands(c, 1, -1)
	if err != nil {
		return err
	}
	refs := make([]control.Ref, len(args))
	for i, arg := range args {
		if refs[i], err = parseRef(arg); err != nil {
			return err
		}
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
		size := func(n int64) string { return fmt.Sprint(n) }
		if c.Bool("human") {
			size = func(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }
		}
		for i, ref := range refs {
			u, err := store.Usage(ctx, control.UsageRequest{Ref: ref.String(), History: c.Bool("history")})
			if err != nil {
				return err
			}
			saved := u.Logical - u.Physical
			if c.Bool(flagJSON) {
				if err := p.printJSON(usageLine{ref.String(), u, saved}); err != nil {
					return err
				}
				continue
			}
			if i == 0 {
				fmt.Fprintln(w, "files\tlogical\tunique\tphysical\tsaved\talone\taddress\t")
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n",
				u.Files, size(u.Logical), size(u.Unique), size(u.Physical), size(saved), size(u.Alone), ref)
		}
		return w.Flush()
	})
}
