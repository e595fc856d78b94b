package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/datadir"
	"pfsd/cli/internal/mountpoint"
	"pfsd/pfs"
)

func (p *program) umountCommand() *cli.Command {
	return &cli.Command{
		Name: "umount", Usage: "end a mount, with all that was written in it committed", UsageText: "pfsd umount DIR",
		Description: "umount(8) and fusermount3 -u do the same, but return before the last commit has been made.\n\n" +
			"Example: pfsd umount ./images",
		Action: p.umount,
	}
}

func (p *program) umount(c *cli.Context) error {
	args, err := operands(c, 1, 1)
	if err != nil {
		return err
	}
	dir, err := datadir.Canonical(args[0])
	if err != nil {
		return err
	}
	if mountpoint.IsDead(dir) {
		return mountpoint.Unmount(dir)
	}
	err = p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return store.Unmount(ctx, control.UnmountRequest{Dir: dir})
	})
	if pfs.KindOf(err) != pfs.KindFileNotFound {
		return err
	}
	// The host of this store does not serve it; that of another one may.
	if !mountpoint.IsMount(dir) {
		return fmt.Errorf("%s is not a mount of pfsd", args[0])
	}
	return mountpoint.Unmount(dir)
}
