package cli

import (
	"strings"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/door"
)

func (p *program) serveCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringSliceFlag{Name: "s3", Usage: "listen for S3 requests on `HOST:PORT`; can be given several times"},
		&cli.StringSliceFlag{Name: "mount", Usage: "mount a version, `ADDRESS=DIR`; can be given several times"},
		&cli.StringFlag{Name: "mount-all", Usage: "mount every branch on `DIR`, as REPO/BRANCH"},
	}
	flags = append(flags, mountFlags()...)
	return &cli.Command{
		Name: "serve", Usage: "serve S3 and mounts from one process, until Ctrl-C",
		UsageText: "pfsd serve [--s3 HOST:PORT]... [--mount ADDRESS=DIR]...",
		Description: "For services and containers. Prints a line that begins with \"ready\" for each door.\n\n" +
			"Example: pfsd serve --s3 127.0.0.1:9000 --mount master.images=/srv/images",
		Flags:  append(flags, s3Flags()...),
		Action: p.serve,
	}
}

func (p *program) serve(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	spec, err := s3Spec(c)
	if err != nil {
		return err
	}
	var openings []opening
	for _, addr := range c.StringSlice("s3") {
		openings = append(openings, listening(addr, spec))
	}
	pairs := c.StringSlice("mount")
	if dir := c.String("mount-all"); dir != "" {
		pairs = append(pairs, door.AllBranches+"="+dir)
	}
	for _, pair := range pairs {
		addr, dir, found := strings.Cut(pair, "=")
		if !found {
			return usage(c, "--mount is ADDRESS=DIR")
		}
		mount, err := p.mounting(c, addr, dir)
		if err != nil {
			return err
		}
		openings = append(openings, mount)
	}
	return p.runDoors(c, true, openings)
}
