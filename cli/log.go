package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/hosting"
)

// followed is how many commits log --follow begins with, unless told.
const followed = 10

func (p *program) logCommand() *cli.Command {
	return &cli.Command{
		Name: "log", Usage: "show the commits of a version, or of a file or directory in it, newest first",
		UsageText: "pfsd log [-n COUNT] [--since TIME] [--author NAME] [--follow] [-q] [--json] ADDRESS[:/PATH]",
		Description: "TIME is a date, as 2026-05-31 or 2026-05-31T12:00:00Z, or how long ago, as 90m or 36h. --follow begins\n" +
			"with the last commits, oldest first, and goes on with each as it is made, until Ctrl-C.\n\n" +
			"Example: pfsd log -n 10 master.images:/note.txt",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "n", Usage: "show at most `COUNT` commits"},
			&cli.StringFlag{Name: "since", Usage: "show those that are not older than `TIME`"},
			&cli.StringFlag{Name: "author", Usage: "show those whose author's name contains `NAME`"},
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with new commits as they are made"},
			quietFlag(), jsonFlag(),
		},
		Action: p.showLog,
	}
}

func (p *program) showLog(c *cli.Context) error {
	a, err := onlyAddress(c)
	if err != nil {
		return err
	}
	if c.IsSet("n") && c.Int("n") < 1 {
		return usage(c, "-n is at least 1")
	}
	req := control.FileRequest{Ref: a.ref.String(), Path: a.path, Limit: c.Int("n"), Author: c.String("author")}
	if req.Since, err = since(c, time.Now()); err != nil {
		return err
	}
	if c.Bool("follow") {
		return p.followLog(c, a, req)
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return p.paged(c, func() error { return printAll(p, c, store.Log(ctx, req), p.logPrinter(c)) })
	})
}

// since returns the time that --since gives; the zero time without it.
func since(c *cli.Context, now time.Time) (time.Time, error) {
	text := c.String("since")
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage(c, "--since is a date, as 2026-05-31, a time, as 2026-05-31T12:00:00Z, or how long ago, as 36h")
}

// followLog prints commits as they are made.
func (p *program) followLog(c *cli.Context, a address, req control.FileRequest) error {
	if !a.ref.IsBranch() {
		return fmt.Errorf("%s does not change: only a branch can be followed", a.ref)
	}
	if req.Limit == 0 {
		req.Limit = followed
	}
	return p.withMember(c, taking{doors: true}, func(ctx context.Context, store *control.Client) error {
		print, out := p.logPrinter(c), bufio.NewWriter(p.stdout)
		for line, err := range store.Follow(ctx, req) {
			switch {
			case ctx.Err() != nil:
				return nil
			case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, hosting.ErrUnanswered):
				return errors.New("the process that held the store has ended; follow again")
			case err != nil:
				return err
			case c.Bool(flagJSON):
				err = p.printJSON(line)
			default:
				print(out, line)
				err = out.Flush()
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// logPrinter returns what prints a commit of a log as the flags ask for.
func (p *program) logPrinter(c *cli.Context) func(io.Writer, control.LogLine) {
	if c.Bool(flagQuiet) {
		return func(w io.Writer, l control.LogLine) { fmt.Fprintln(w, l.ID) }
	}
	return p.logLine
}

// logLine prints a commit in one line: id, time, door, author, then what it made of the file, or its totals, and the message.
func (p *program) logLine(w io.Writer, l control.LogLine) {
	id := p.paint(styleID, l.ID.String())
	fmt.Fprintf(w, "%s  %s  %-5s  %s  ", id, stamp(l.Time), l.Origin, orDash(p.name(l.Author)))
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
		fmt.Fprintf(w, "  %s", p.subject(l.Message))
	}
	fmt.Fprintln(w)
}

// subject returns the first line of a message, as it can be shown.
func (p *program) subject(message string) string {
	first, _, _ := strings.Cut(message, "\n")
	return p.name(first)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
