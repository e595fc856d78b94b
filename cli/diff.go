package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

// The forms of a diff.
const (
	formLines = ""
	formStat  = "stat"
	formNames = "names"
	formPatch = "patch"
)

func diffFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: formStat, Usage: "print sums only: how many files and bytes were added, deleted and changed"},
		&cli.BoolFlag{Name: formNames, Usage: "print paths only"},
		&cli.BoolFlag{Name: formPatch, Aliases: []string{"p"}, Usage: "print the changes of small text files, for patch(1)"},
	}
}

// diffForm returns which form the flags ask for.
func diffForm(c *cli.Context) (string, error) {
	form := formLines
	for _, name := range []string{formStat, formNames, formPatch} {
		if !c.Bool(name) {
			continue
		}
		if form != formLines {
			return "", usage(c, "--%s and --%s exclude one another", form, name)
		}
		form = name
	}
	return form, nil
}

func (p *program) diffCommand() *cli.Command {
	return &cli.Command{
		Name: "diff", Usage: "show what is different in two versions, or what changed in one",
		UsageText: "pfsd diff [--stat | --names | --patch] [--json] A[:/PATH] [B[:/PATH]]",
		Description: "A and B are ADDRESSes; B alone counts for A's path, too. With A only, it is compared with the commit\n" +
			"before. A line begins with A (added), D (deleted), M (changed) or R (renamed: the same bytes under\n" +
			"another path), then the sizes and the path.\n\nExample: pfsd diff --stat master~3.images master.images",
		Flags:  append(diffFlags(), jsonFlag()),
		Action: p.diff,
	}
}

func (p *program) diff(c *cli.Context) error {
	args, err := operands(c, 1, 2)
	if err != nil {
		return err
	}
	a, err := parseAddress(args[0])
	if err != nil {
		return err
	}
	b := a
	if len(args) == 2 {
		if b, err = parseAddress(args[1]); err != nil {
			return err
		}
	}
	if a.path != b.path && a.path != "" && b.path != "" {
		return fmt.Errorf("one path of two versions is compared, not /%s with /%s: give the same path, or only one", a.path, b.path)
	}
	form, err := diffForm(c)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		d := differ{p: p, c: c, store: store, form: form}
		if d.to, d.from, err = pin(ctx, store, b); err == nil && len(args) == 2 {
			d.from, _, err = pin(ctx, store, a)
		}
		if err != nil {
			return err
		}
		path := b.path
		if path == "" {
			path = a.path
		}
		err = p.paged(c, func() error { return d.print(ctx, path) })
		var e *pfs.Error
		if errors.As(err, &e) && e.Ref == "" && e.Path != "" {
			err = &pfs.Error{Op: e.Op, Kind: e.Kind, Ref: b.ref.String(), Path: e.Path, Err: e.Err}
		}
		return err
	})
}

// pin returns the address of what a names now, which stays the same whatever is written meanwhile, and that of the commit
// before it, empty when there is none. An open commit goes on changing.
func pin(ctx context.Context, store *control.Client, a address) (now, before string, err error) {
	info, err := store.InspectCommit(ctx, control.FileRequest{Ref: a.ref.String()})
	if err != nil {
		return "", "", err
	}
	if now = a.ref.String(); !info.Open {
		now = info.ID.String() + "." + info.Repo
	}
	if len(info.Parents) > 0 {
		before = info.Parents[0].String() + "." + info.Repo
	}
	return now, before, nil
}

// differ prints how two versions differ.
type differ struct {
	p     *program
	c     *cli.Context
	store *control.Client
	form  string
	// from and to are addresses; from is empty when there is nothing before to.
	from, to string
}

func (d *differ) print(ctx context.Context, path string) error {
	seq := d.store.Diff(ctx, control.DiffRequest{From: d.from, To: d.to, Path: path})
	switch {
	case d.form == formStat:
		return d.printStat(ctx, path)
	case d.form == formPatch && !d.c.Bool(flagJSON):
		return d.printPatches(ctx, seq)
	}
	return printAll(d.p, d.c, seq, func(w io.Writer, change control.Change) {
		if d.form == formNames {
			fmt.Fprintln(w, d.p.name(change.Path))
			return
		}
		d.p.printChange(w, change)
	})
}

// letters are the signs of what happened to a path.
var letters = map[string]string{
	control.Added: "A", control.Deleted: "D", control.Changed: "M", control.Renamed: "R",
}

// styles are how they are painted.
var styles = map[string]style{
	control.Added: styleAdded, control.Deleted: styleDeleted, control.Changed: styleChanged, control.Renamed: styleChanged,
}

// printChange prints a change in one line: letter, size before, size after, path.
func (p *program) printChange(w io.Writer, c control.Change) {
	path := p.name(c.Path)
	if either := c.After; either != nil && either.Kind == "dir" || either == nil && c.Before.Kind == "dir" {
		path += "/"
	}
	if c.From != "" {
		path = p.name(c.From) + " -> " + path
	}
	letter := p.paint(styles[c.Status], letters[c.Status])
	fmt.Fprintf(w, "%s  %12s  %12s  %s\n", letter, sizeOrDash(c.Before), sizeOrDash(c.After), path)
}

func sizeOrDash(e *control.Entry) string {
	if e == nil || e.Kind != "file" {
		return "-"
	}
	return fmt.Sprint(e.Size)
}

// diffSum sums up a diff.
type diffSum struct {
	Added   int   `json:"added"`
	Deleted int   `json:"deleted"`
	Changed int   `json:"changed"`
	Renamed int   `json:"renamed"`
	Before  int64 `json:"bytes_before"`
	After   int64 `json:"bytes_after"`
}

func (s *diffSum) add(c control.Change) {
	switch c.Status {
	case control.Added:
		s.Added++
	case control.Deleted:
		s.Deleted++
	case control.Renamed:
		s.Renamed++
	default:
		s.Changed++
	}
	if c.Before != nil {
		s.Before += c.Before.Size
	}
	if c.After != nil {
		s.After += c.After.Size
	}
}

func (d *differ) printStat(ctx context.Context, path string) error {
	var sum diffSum
	for change, err := range d.store.Diff(ctx, control.DiffRequest{From: d.from, To: d.to, Path: path}) {
		if err != nil {
			return err
		}
		sum.add(change)
	}
	if d.c.Bool(flagJSON) {
		return d.p.printJSON(sum)
	}
	_, err := fmt.Fprintf(d.p.stdout, "%d added, %d deleted, %d changed, %d renamed; %s before, %s after\n",
		sum.Added, sum.Deleted, sum.Changed, sum.Renamed, humanize.IBytes(uint64(sum.Before)), humanize.IBytes(uint64(sum.After)))
	return err
}
