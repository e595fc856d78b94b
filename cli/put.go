package cli

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) putCommand() *cli.Command {
	return &cli.Command{
		Name: "put", Usage: "store files and directories in a branch, in one commit",
		UsageText: "pfsd put [-m MESSAGE] [--rename-invalid] [--json] SOURCE... ADDRESS[:/PATH]",
		Description: "A file goes to PATH or, when that is a directory or ends in /, into it under its own name. A\n" +
			"directory's files go into the directory PATH; of several SOURCEs each goes into PATH under its\n" +
			"own name. - is stdin; pipes and devices that are named are read like it. Readers see all of it at\n" +
			"once or none. Files that are there already are not sent. Prints the commit, unless nothing has\n" +
			"changed.\n\n" +
			"A file that changes while it is read is read again, three times in all. If it still changes, it is\n" +
			"not stored and the exit code is 1: a file that is named stores nothing of the put, a file in a\n" +
			"directory is left out with a warning, and keeps what the branch had of it. A change is told by size\n" +
			"and times: one write call, or a mapping, that is under way all the while changes neither.\n\n" +
			"Example: pfsd put ./photos master.images:/train",
		Flags: []cli.Flag{
			messageFlag(), renameFlag(), jsonFlag(),
		},
		Action: p.put,
	}
}

func (p *program) put(c *cli.Context) error {
	args, err := operands(c, 2, -1)
	if err != nil {
		return err
	}
	sources, last := args[:len(args)-1], args[len(args)-1]
	dest, err := parseAddress(last)
	if err != nil {
		return err
	}
	return p.withNewStore(c, func(ctx context.Context, store *control.Client) error {
		names := p.naming(c)
		copies, err := plan(ctx, store, sources, dest, names)
		if err != nil {
			return err
		}
		return p.putAll(ctx, c, store, dest, puts{copies: copies, names: names})
	})
}

// putAll stores local files and directories in one commit, with their owners when those are kept. The bytes of files that the
// branch has already are not sent. It fails, after the commit, when files were left out because something changed them.
func (p *program) putAll(
	ctx context.Context, c *cli.Context, store *control.Client, dest address, all puts,
) error {
	req := control.PutRequest{Ref: dest.ref.String(), Message: c.String(flagMessage), By: p.author(), Owners: all.owners}
	leftOut := 0
	commit, err := store.Put(ctx, req, func(parts *control.PartWriter) error {
		s := sender{
			ctx: ctx, parts: parts, stdin: p.stdin, warn: p.warn, stored: newStored(store, dest.ref.String()),
			owners: all.owners, names: all.names,
		}
		defer func() { leftOut = s.leftOut }()
		for _, todo := range all.copies {
			if err := s.send(todo); err != nil {
				return err
			}
		}
		return all.names.err()
	})
	if err == nil {
		err = p.printCommit(c, commit)
	}
	if err == nil && leftOut > 0 {
		err = fmt.Errorf("%s left out, and all else is stored: put again what is missing", plural(uint64(leftOut), "changing file"))
	}
	return err
}

// puts are what is stored in one commit.
type puts struct {
	copies []localCopy
	names  *naming
	// owners is set when files keep theirs.
	owners bool
}

// localCopy is a local file or directory and the path in the store that it goes to.
type localCopy struct {
	source, path string
	// stream is set for what is only read, as it comes: stdin, a pipe, a device.
	stream bool
}

// plan says where each source goes.
func plan(ctx context.Context, store *control.Client, sources []string, dest address, names *naming) ([]localCopy, error) {
	into, err := isDirectory(ctx, store, dest)
	if err != nil {
		return nil, err
	}
	into = into || dest.dir
	if len(sources) > 1 && !into {
		return nil, fmt.Errorf("%s is not a directory: to make one, end it with a /", dest)
	}
	var copies []localCopy
	for _, source := range sources {
		to := dest.path
		local, err := classify(source)
		switch {
		case err != nil:
			return nil, err
		case source == "-" && into:
			return nil, fmt.Errorf("stdin has no name to go into %s by: give the path of a file", dest)
		case into && (!local.IsDir() || len(sources) > 1):
			abs, err := filepath.Abs(source)
			if err != nil {
				return nil, err
			}
			to = path.Join(to, filepath.Base(abs))
		}
		at, _, err := names.place(to, source)
		if err != nil {
			return nil, err
		}
		if utf8.ValidString(at) {
			copies = append(copies, localCopy{source: source, path: at, stream: !local.IsRegular() && !local.IsDir()})
		}
	}
	return copies, nil
}

// isDirectory reports whether there is a directory at a. What is not there is none; its branch must be.
func isDirectory(ctx context.Context, store *control.Client, a address) (bool, error) {
	s, err := store.Stat(ctx, control.FileRequest{Ref: a.ref.String(), Path: a.path})
	if pfs.KindOf(err) == pfs.KindFileNotFound {
		return false, nil
	}
	return err == nil && s.Kind == "dir", err
}

// printCommit prints the commit that a command made, if it did make one.
func (p *program) printCommit(c *cli.Context, commit control.Commit) error {
	switch {
	case commit.ID.IsZero():
		return nil
	case c.Bool(flagJSON):
		return p.printJSON(commit)
	}
	_, err := fmt.Fprintln(p.stdout, commit.ID)
	return err
}

// warn tells of something that is not a failure.
func (p *program) warn(format string, args ...any) {
	fmt.Fprintf(p.stderr, "pfsd: "+format+"\n", args...)
}
