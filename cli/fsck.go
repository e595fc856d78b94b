package cli

import (
	"context"
	"fmt"
	"math"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) fsckCommand() *cli.Command {
	return &cli.Command{
		Name: "fsck", Usage: "check that the store is whole, while it is in use",
		UsageText: "pfsd fsck [--deep | --repair] [--rate SIZE] [--json]",
		Description: "It names what is damaged, and the paths of all commits that this hurts. Exits with 1 when\n" +
			"something is wrong. Garbage is not collected meanwhile.\n\n" +
			"--repair makes again what follows from other data: where the bytes of files are, and the index\n" +
			"of paths. If files in kv/ are damaged and no other pfsd is using the store, it makes new ones of\n" +
			"all that can still be read in them, and keeps the old ones beside. It deletes nothing, and from\n" +
			"then on garbage is not collected until pfsd gc --after-salvage. In the end it reads all that is\n" +
			"stored, as --deep does, and names what is lost: it exits with 0 only when nothing is.\n\n" +
			"Example: pfsd fsck --deep --rate 50MiB",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "deep", Usage: "read and hash all that is stored"},
			&cli.StringFlag{Name: "rate", Usage: "read at most so much a second, as 50MiB"},
			&cli.BoolFlag{Name: "repair", Usage: "make again what can be made again"},
			jsonFlag(),
		},
		Action: p.fsck,
	}
}

// checked is what --json prints.
type checked struct {
	control.CheckReport
	Salvaged *pfs.Salvaged     `json:"salvaged,omitempty"`
	Repaired *pfs.RepairReport `json:"repaired,omitempty"`
}

func (p *program) fsck(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	// What is lost is known only when all that is left has been read.
	req := control.CheckRequest{Deep: c.Bool("deep") || c.Bool("repair")}
	if c.IsSet("rate") {
		rate, err := humanize.ParseBytes(c.String("rate"))
		if err != nil || rate == 0 || rate > math.MaxInt64 || !req.Deep {
			return usage(c, "--rate is a size, as 50MiB, and goes with --deep or --repair")
		}
		req.Rate = int64(rate)
	}
	p.salvage = c.Bool("repair")
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		report := checked{Salvaged: p.salvaged}
		if c.Bool("repair") {
			repaired, err := store.Repair(ctx)
			if err != nil {
				return err
			}
			report.Repaired = &repaired
		}
		var err error
		if report.CheckReport, err = store.Check(ctx, req, p.checkProgress()); err != nil {
			return err
		}
		if c.Bool(flagJSON) {
			err = p.printJSON(report)
		} else {
			p.printChecked(report)
		}
		if err == nil && len(report.Problems) > 0 {
			err = errFound
		}
		return err
	})
}

// checkProgress returns what shows how far a check has come; nil when nobody looks.
func (p *program) checkProgress() func(pfs.CheckProgress) {
	if !isTerminal(p.stderr) {
		return nil
	}
	return func(at pfs.CheckProgress) {
		fmt.Fprintf(p.stderr, "\r%s of about %s read, %s \x1b[K", humanize.IBytes(uint64(at.Read)),
			humanize.IBytes(uint64(at.Total)), plural(uint64(at.Problems), "problem"))
	}
}

func (p *program) printChecked(r checked) {
	if isTerminal(p.stderr) {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
	if s := r.Salvaged; s != nil {
		p.printSalvaged(s)
	}
	if s := r.Repaired; s != nil {
		for _, damage := range s.Damage {
			fmt.Fprintf(p.stdout, "damaged: %s\n", p.name(damage))
		}
		for _, moved := range s.Moved {
			fmt.Fprintf(p.stdout, "moved: %s\n", p.name(moved))
		}
		fmt.Fprintf(p.stdout, "repaired: found %s again in %s, made %s of the index and %s again\n",
			plural(uint64(s.Chunks), "chunk"), plural(uint64(s.Records), "record"), plural(uint64(s.Index), "row"),
			plural(uint64(s.Places), "place"))
	}
	for _, problem := range r.Problems {
		fmt.Fprintf(p.stdout, "%s:/%s: %s\n", problem.Ref, p.name(problem.Path), p.name(problem.Error))
	}
	fmt.Fprintf(p.stdout, "checked %s, %s, %s, %s, %s, %s: %s\n", plural(uint64(r.Repos), "repo"),
		plural(uint64(r.Branches), "branch"), plural(uint64(r.Tags), "tag"), plural(uint64(r.Commits), "commit"),
		plural(uint64(r.Entries), "entry"), plural(uint64(r.Uploads), "upload"), plural(uint64(len(r.Problems)), "problem"))
}

func (p *program) printSalvaged(s *pfs.Salvaged) {
	lost := plural(uint64(s.LostRows), "row") + " lost"
	if s.Uncounted > 0 {
		lost = fmt.Sprintf("at least %s, and %s of which it is not known how many rows are lost", lost, plural(uint64(s.Uncounted), "file"))
	}
	fmt.Fprintf(p.stdout, "salvaged %s, %s; the damaged files are kept in %s\n", plural(uint64(s.Rows), "row"), lost, s.Kept)
	for _, damage := range s.Damage {
		fmt.Fprintf(p.stdout, "damaged: %s\n", p.name(damage))
	}
	for _, lost := range s.Lost {
		fmt.Fprintf(p.stdout, "lost: %s\n", p.name(lost))
	}
	fmt.Fprintln(p.stdout, "nothing that no name leads to is removed until pfsd gc --after-salvage: see it with pfsd lost list")
}
