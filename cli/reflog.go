package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) reflogCommand() *cli.Command {
	return &cli.Command{
		Name: "reflog", Usage: "show the heads that a branch had, newest first",
		UsageText: "pfsd reflog [-n COUNT] [-q] [--json] BRANCH.REPO",
		Description: "Each line has the commit, when the branch got it, by whom, how long it stays, and why: a commit that\n" +
			"was made on the branch, or that it was moved to by a reset, a squash, a merge or when it was created.\n" +
			"A commit is named when a branch, tag or open commit leads to it. Else it stays until the time shown,\n" +
			"72 hours from when it was left behind, and can be read by its id; pfsd gc --grace can end that before.\n" +
			"Then it is gone, and in time what the branch did before. Commits of mounts that were thinned out are\n" +
			"missing. To bring one back: pfsd branch create --from ID.REPO BRANCH.REPO, or pfsd reset BRANCH.REPO ID.REPO.\n\n" +
			"Example: pfsd reflog -n 10 master.images",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "n", Usage: "show at most `COUNT` heads"},
			quietFlag(), jsonFlag(),
		},
		Action: p.reflog,
	}
}

func (p *program) reflog(c *cli.Context) error {
	ref, err := branchArgument(c)
	if err != nil {
		return err
	}
	if c.IsSet("n") && c.Int("n") < 1 {
		return usage(c, "-n is at least 1")
	}
	req := control.HeadsRequest{Ref: ref.String(), Limit: c.Int("n")}
	line := p.headLine
	if c.Bool(flagQuiet) {
		line = func(w io.Writer, h control.Head) { fmt.Fprintln(w, h.ID) }
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return p.paged(c, func() error { return printAll(p, c, store.Reflog(ctx, req), line) })
	})
}

// headLine prints a head in one line: id, time, door, author, how long it stays, and why it was one.
func (p *program) headLine(w io.Writer, h control.Head) {
	state := h.State
	if h.State == control.HeadLeft {
		state = until(h.Until)
	}
	why := "not known"
	switch {
	case !h.Moved && h.State != control.HeadGone:
		why = "commit"
		if h.Why != "" {
			why += ": " + p.subject(h.Why)
		}
	case h.Why != "":
		why = p.subject(h.Why)
	}
	fmt.Fprintf(w, "%s  %-20s  %-5s  %s  %s  %s\n", p.paint(styleID, h.ID.String()), stampOrDash(h.Time), orDash(h.Origin),
		orDash(p.name(h.Author)), state, why)
}

// until says until when something stays that nothing leads to.
func until(t time.Time) string {
	if t.IsZero() {
		return "until collected"
	}
	return "until " + stamp(t)
}

func stampOrDash(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return stamp(t)
}
