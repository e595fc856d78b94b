package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/datadir"
	"pfsd/cli/internal/door"
	"pfsd/cli/internal/hosting"
	"pfsd/cli/internal/mountpoint"
	"pfsd/pfs"
)

func (p *program) mountCommand() *cli.Command {
	return &cli.Command{
		Name: "mount", Usage: "show a version as a directory, until Ctrl-C or pfsd umount",
		UsageText: "pfsd mount [--create] ADDRESS DIR",
		Description: "A branch can be written to; a commit, a tag or an ancestor is read-only. Prints a line that begins\n" +
			"with \"ready\" when it is served.\n\nExample: pfsd mount master.images ./images",
		Flags:  mountFlags(),
		Action: p.mount,
	}
}

func mountFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "create", Usage: "make the repo and the branch when they are missing"},
	}
}

func (p *program) mount(c *cli.Context) error {
	args, err := operands(c, 2, 2)
	if err != nil {
		return err
	}
	mount, err := p.mounting(c, args[0], args[1])
	if err != nil {
		return err
	}
	return p.runDoors(c, []opening{mount})
}

// mounting opens a mount of the version at addr on dir.
func (p *program) mounting(c *cli.Context, addr, dir string) (opening, error) {
	ref, err := parseRef(addr)
	if err != nil {
		return nil, err
	}
	if c.Bool("create") && !ref.IsBranch() {
		return nil, fmt.Errorf("--create makes branches, and %s is none: leave it out", addr)
	}
	data, err := p.dataDir(c)
	if err != nil {
		return nil, err
	}
	point, err := mountPoint(data, dir)
	if err != nil {
		return nil, err
	}
	spec := door.Mount{Dir: point, Author: person().Name}
	return func(ctx context.Context, member hosting.Member) (*door.Object, error) {
		if spec.Address, err = provide(ctx, member.Client(), ref, c.Bool("create")); err != nil {
			return nil, err
		}
		return mountpoint.Attach(spec)
	}, nil
}

// mountPoint returns dir in canonical form when it can be mounted on.
func mountPoint(data *datadir.Dir, dir string) (string, error) {
	point, err := datadir.Canonical(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no directory %s to mount on: make it with mkdir", dir)
	case err != nil:
		return "", fmt.Errorf("mount point: %w", err)
	}
	// A dead mount is replaced.
	if mountpoint.IsMount(point) && !mountpoint.IsDead(point) {
		return "", fmt.Errorf("%s is a mount of pfsd already: end it with pfsd umount %s", dir, dir)
	}
	return point, data.CheckMountPoint(point)
}

// provide makes sure that the version at ref exists, making the branch when it may, and returns its whole address.
func provide(ctx context.Context, store *control.Client, ref control.Ref, create bool) (string, error) {
	version, err := store.Stat(ctx, control.FileRequest{Ref: ref.String()})
	missing := pfs.KindOf(err) == pfs.KindRepoNotFound || pfs.KindOf(err) == pfs.KindBranchNotFound
	if !create || !missing {
		return version.Address, err
	}
	_, err = store.CreateBranch(ctx, control.BranchRequest{Ref: ref.String(), MakeRepo: true, By: person()})
	if pfs.KindOf(err) == pfs.KindExists {
		err = nil
	}
	return ref.String(), err
}
