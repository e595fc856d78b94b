package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

func (p *program) statCommand() *cli.Command {
	return &cli.Command{
		Name: "stat", Usage: "show all that is known of a file or directory", UsageText: "pfsd stat [--json] ADDRESS[:/PATH]",
		Description: "With --json a file's chunks are listed, too.\n\nExample: pfsd stat master.images:/note.txt",
		Flags:       []cli.Flag{jsonFlag()},
		Action:      p.stat,
	}
}

func (p *program) stat(c *cli.Context) error {
	a, err := onlyAddress(c)
	if err != nil {
		return err
	}
	req := control.FileRequest{Ref: a.ref.String(), Path: a.path, Chunks: c.Bool(flagJSON)}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		s, err := store.Stat(ctx, req)
		if err != nil {
			return err
		}
		if c.Bool(flagJSON) {
			return p.printJSON(s)
		}
		return p.printStat(a, s)
	})
}

func (p *program) printStat(a address, s control.Stat) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	row := func(key string, value any) { fmt.Fprintf(w, "%s:\t%v\n", key, value) }
	row("address", p.name(a.String()))
	row("kind", s.Kind)
	row("mode", modeString(s.Kind, s.Mode))
	row("owner", fmt.Sprintf("%d:%d", s.UID, s.GID))
	switch s.Kind {
	case "dir":
		row("files", s.Files)
		row("dirs", s.Dirs)
		row("bytes", s.Bytes)
	case "symlink":
		row("target", p.name(s.Target))
	default:
		row("size", s.Size)
	}
	row("modified", stamp(s.Mtime))
	row("changed", stamp(s.Ctime))
	row("born", stamp(s.Btime))
	if s.ETag != "" {
		row("etag", s.ETag)
	}
	if s.Version != nil {
		row("version", s.Version)
	}
	if s.ContentType != "" {
		row("content type", p.name(s.ContentType))
	}
	p.printMap(w, "header", s.Headers)
	p.printMap(w, "user", s.User)
	p.printMap(w, "tag", s.Tags)
	p.printMap(w, "checksum", s.Checksums)
	return w.Flush()
}

// printMap prints the pairs of m by key.
func (p *program) printMap(w io.Writer, what string, m map[string]string) {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		fmt.Fprintf(w, "%s:\t%s=%s\n", what, p.name(key), p.name(m[key]))
	}
}
