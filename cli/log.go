package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) logCommand() *cli.Command {
	return &cli.Command{
		Name: "log", Usage: "show the commits of a version, or of a file or directory in it, newest first",
		UsageText:   "pfsd log [-n COUNT] [--json] ADDRESS[:/PATH]",
		Description: "Example: pfsd log -n 10 master.images:/note.txt",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "n", Usage: "show at most `COUNT` commits"},
			jsonFlag(),
		},
		Action: p.showLog,
	}
}

func (p *program) showLog(c *cli.Context) error {
	args, err := operands(c, 1, 1)
	if err != nil {
		return err
	}
	a, err := parseAddress(c, args[0])
	if err != nil {
		return err
	}
	if c.IsSet("n") && c.Int("n") < 1 {
		return usage(c, "-n is at least 1")
	}
	req := control.FileRequest{Ref: a.ref.String(), Path: a.path, Limit: c.Int("n")}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return printAll(p, c, store.Log(ctx, req), p.logLine)
	})
}

// logLine prints a commit in one line: id, time, door, author, then what it made of the file, or its totals, and the message.
func (p *program) logLine(w io.Writer, l control.LogLine) {
	fmt.Fprintf(w, "%s  %s  %-5s  %s  ", l.ID, stamp(l.Time), l.Origin, orDash(p.name(l.Author)))
	switch {
	case l.Deleted:
		fmt.Fprint(w, "deleted")
	case l.Entry != nil && l.Entry.ETag != "":
		fmt.Fprintf(w, "%d bytes  %s", l.Entry.Size, l.Entry.ETag)
	case l.Entry != nil:
		fmt.Fprint(w, l.Entry.Kind)
	default:
		fmt.Fprintf(w, "%s, %d bytes", plural(l.Files, "file"), l.Bytes)
	}
	if l.Message != "" {
		fmt.Fprintf(w, "  %s", p.name(l.Message))
	}
	fmt.Fprintln(w)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
