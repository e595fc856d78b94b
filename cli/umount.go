package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/datadir"
	"pfsd/cli/internal/mountpoint"
	"pfsd/pfs"
)

func (p *program) umountCommand() *cli.Command {
	return &cli.Command{
		Name: "umount", Usage: "end a mount, with all that was written in it committed",
		UsageText: "pfsd umount [--lazy] DIR",
		Description: "umount(8) and fusermount3 -u do the same, but return before the last commit has been made. While\n" +
			"programs have files open in the mount it stays, and they are named; --lazy takes it away all the same,\n" +
			"and they can go on until they close them.\n\nExample: pfsd umount ./images",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "lazy", Usage: "take the mount away at once; it ends when nobody uses it any more"},
		},
		Action: p.umount,
	}
}

func (p *program) umount(c *cli.Context) error {
	args, err := operands(c, 1, 1)
	if err != nil {
		return err
	}
	dir, err := mountpoint.Find(c.Context, args[0], datadir.Canonical)
	if err != nil {
		return err
	}
	if c.Bool("lazy") && mountpoint.IsMount(dir) {
		return mountpoint.UnmountLazily(dir)
	}
	switch dead, err := mountpoint.IsDead(c.Context, dir); {
	case err != nil:
		return err
	case dead:
		return mountpoint.Unmount(c.Context, dir)
	}
	end := func(ctx context.Context, store *control.Client) error {
		if err := leave(dir); err != nil {
			return err
		}
		return mountpoint.Await(ctx, dir, func(ctx context.Context) error {
			return store.Unmount(ctx, control.UnmountRequest{Dir: dir})
		})
	}
	err = p.withStore(c, end)
	if pfs.KindOf(err) == pfs.KindClosed {
		// The host of the mount has ended meanwhile, by which the mount may have ended, too.
		if err = p.withStore(c, end); pfs.KindOf(err) == pfs.KindFileNotFound && !mountpoint.IsMount(dir) {
			return nil
		}
	}
	noStore := errors.Is(err, datadir.ErrNoStore) && mountpoint.IsMount(dir)
	if pfs.KindOf(err) != pfs.KindFileNotFound && !noStore {
		return err
	}
	// The host of this store does not serve it; that of another one may.
	if !mountpoint.IsMount(dir) {
		return fmt.Errorf("%s is not a mount of pfsd", args[0])
	}
	return mountpoint.Unmount(c.Context, dir)
}

// leave keeps this process from being one that uses the mount on dir, in which it may have been started. The data directory
// has been found by then, so that no relative path is needed any more.
func leave(dir string) error {
	if !mountpoint.IsMount(dir) {
		return nil
	}
	return os.Chdir("/")
}
