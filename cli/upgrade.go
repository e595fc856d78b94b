package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) upgradeCommand() *cli.Command {
	return &cli.Command{
		Name: "upgrade", Usage: "let the store have all that this program can store",
		UsageText: "pfsd upgrade [--json]",
		Description: "A store of an older program is used as it is, until a change is made that needs more. This does it\n" +
			"at once. It changes only the file FORMAT, takes no time, and cannot be undone: older programs refuse the\n" +
			"store from then on.\n\n" +
			"Example: pfsd upgrade",
		Flags:  []cli.Flag{jsonFlag()},
		Action: p.upgrade,
	}
}

func (p *program) upgrade(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		report, err := store.Upgrade(ctx)
		switch {
		case err != nil:
			return err
		case c.Bool(flagJSON):
			return p.printJSON(report)
		case len(report.Added) == 0:
			fmt.Fprintln(p.stdout, "nothing to do: the store has all that this program can store")
		default:
			fmt.Fprintf(p.stdout, "the store has got: %s\n", strings.Join(report.Added, " "))
		}
		return nil
	})
}
