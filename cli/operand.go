package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

// operands returns the command's arguments when they are at least min and at most max; max < 0 is no bound.
func operands(c *cli.Context, min, max int) ([]string, error) {
	args := c.Args().Slice()
	switch {
	case len(args) < min:
		return nil, usage(c, "an argument is missing: %s", howUsed(c))
	case max >= 0 && len(args) > max:
		return nil, usage(c, "too many arguments: %s", howUsed(c))
	}
	return args, nil
}

// howUsed returns how the command is used, in one line.
func howUsed(c *cli.Context) string { return strings.ReplaceAll(c.Command.UsageText, "\n  ", ", or") }

// address is an argument that names a version, with or without a path in it.
type address struct {
	ref control.Ref
	// path is without slashes at its ends; empty for the root.
	path string
	// dir is set when path was written as that of a directory, or not at all.
	dir bool
}

// parseAddress parses an ADDRESS[:/PATH] argument.
func parseAddress(arg string) (address, error) {
	head, path, _ := strings.Cut(arg, ":")
	ref, err := control.ParseRef(head)
	if err != nil {
		return address{}, notAddress(arg, err)
	}
	path = strings.TrimPrefix(path, "/")
	if path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	if err := pfs.CheckPath(path); err != nil {
		return address{}, fmt.Errorf("%s is no path: %w", shown(arg), cause(err))
	}
	return address{ref: ref, path: path, dir: path == "" || strings.HasSuffix(arg, "/")}, nil
}

// notAddress returns the error of an argument that can name no version.
func notAddress(arg string, err error) error {
	return fmt.Errorf("%s is no address: %w; see: pfsd --help", shown(arg), cause(err))
}

// cause returns what an error of the core says beyond its kind and what it is about.
func cause(err error) error {
	var e *pfs.Error
	if errors.As(err, &e) && e.Err != nil {
		return e.Err
	}
	return err
}

// shown returns an argument as a message can show it.
func shown(arg string) string {
	const most = 100
	if len(arg) > most {
		arg = arg[:most] + "…"
	}
	odd := func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }
	if arg == "" || strings.IndexFunc(arg, odd) >= 0 {
		return strconv.Quote(arg)
	}
	return arg
}

// onlyAddress returns the command's one argument, which must be an ADDRESS[:/PATH].
func onlyAddress(c *cli.Context) (address, error) {
	args, err := operands(c, 1, 1)
	if err != nil {
		return address{}, err
	}
	return parseAddress(args[0])
}

// parseRef parses an ADDRESS argument that must have no path.
func parseRef(arg string) (control.Ref, error) {
	if head, _, found := strings.Cut(arg, ":"); found {
		return control.Ref{}, fmt.Errorf("%s has a path, where a version alone is meant: leave out %s", shown(arg), shown(arg[len(head):]))
	}
	ref, err := control.ParseRef(arg)
	if err != nil {
		return ref, notAddress(arg, err)
	}
	return ref, nil
}

// parseSource parses an argument that names the version which the branch or tag target is to start from, name or go back to.
func parseSource(arg string, target pfs.Ref) (control.Ref, error) {
	ref, err := parseRef(arg)
	if err == nil && ref.Repo != target.Repo {
		err = fmt.Errorf("%s is not in the repo %s, as %s is; copy files between repos with: pfsd cp", arg, target.Repo, target)
	}
	return ref, err
}

// parseBranch parses an argument that must name a branch.
func parseBranch(arg string) (pfs.Ref, error) {
	ref, err := parseRef(arg)
	if err == nil && !ref.IsBranch() {
		err = fmt.Errorf("%s is not the name of a branch: give BRANCH.REPO", arg)
	}
	return ref.Ref, err
}

// parseName checks an argument that must be the name of a repo, or the new one of a branch.
func parseName(arg string) (string, error) {
	if err := pfs.CheckRefName(arg); err != nil {
		return "", fmt.Errorf("%s is no name: %w", shown(arg), cause(err))
	}
	return arg, nil
}

// onlyName returns the command's one argument, the name of a repo.
func onlyName(c *cli.Context) (string, error) {
	args, err := operands(c, 1, 1)
	if err != nil {
		return "", err
	}
	return parseName(args[0])
}

// optionalName returns the command's argument, the name of a repo, or "" without one.
func optionalName(c *cli.Context) (string, error) {
	args, err := operands(c, 0, 1)
	if err != nil || len(args) == 0 {
		return "", err
	}
	return parseName(args[0])
}

// String returns the address as it would be written.
func (a address) String() string {
	if a.path == "" {
		return a.ref.String()
	}
	return a.ref.String() + ":/" + a.path
}
