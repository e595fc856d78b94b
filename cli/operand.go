package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"pfsd/pfs"
)

// operands returns the command's arguments when they are at least min and at most max; max < 0 is no bound.
func operands(c *cli.Context, min, max int) ([]string, error) {
	args := c.Args().Slice()
	switch {
	case len(args) < min:
		return nil, usage(c, "an argument is missing: %s", c.Command.UsageText)
	case max >= 0 && len(args) > max:
		return nil, usage(c, "too many arguments: %s", c.Command.UsageText)
	}
	return args, nil
}

// address is an argument that names a version, with or without a path in it.
type address struct {
	ref pfs.Ref
	// path is without slashes at its ends; empty for the root.
	path string
	// dir is set when path was written as that of a directory, or not at all.
	dir bool
}

// parseAddress parses an ADDRESS[:/PATH] argument.
func parseAddress(c *cli.Context, arg string) (address, error) {
	ref, path, err := pfs.ParseAddress(arg)
	if err != nil {
		return address{}, usage(c, "%v", err)
	}
	return address{ref: ref, path: path, dir: path == "" || strings.HasSuffix(arg, "/")}, nil
}

// onlyAddress returns the command's one argument, which must be an ADDRESS[:/PATH].
func onlyAddress(c *cli.Context) (address, error) {
	args, err := operands(c, 1, 1)
	if err != nil {
		return address{}, err
	}
	return parseAddress(c, args[0])
}

// parseRef parses an ADDRESS argument that must have no path.
func parseRef(c *cli.Context, arg string) (pfs.Ref, error) {
	ref, err := pfs.ParseRef(arg)
	if err != nil {
		return ref, usage(c, "%v", err)
	}
	return ref, nil
}

// parseSource parses an argument that names the version which the branch or tag target is to start from, name or go back to.
func parseSource(c *cli.Context, arg string, target pfs.Ref) (pfs.Ref, error) {
	ref, err := parseRef(c, arg)
	if err == nil && ref.Repo != target.Repo {
		err = fmt.Errorf("%s is not in the repo %s, as %s is; copy files between repos with: pfsd cp", arg, target.Repo, target)
	}
	return ref, err
}

// parseBranch parses an argument that must name a branch.
func parseBranch(c *cli.Context, arg string) (pfs.Ref, error) {
	ref, err := parseRef(c, arg)
	if err == nil && !ref.IsBranch() {
		err = usage(c, "%s is not the name of a branch: give BRANCH.REPO", arg)
	}
	return ref, err
}

// String returns the address as it would be written.
func (a address) String() string {
	if a.path == "" {
		return a.ref.String()
	}
	return a.ref.String() + ":/" + a.path
}
