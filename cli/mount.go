package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

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
		UsageText: "pfsd mount [--create] [--detach] [-o OPTION,...] ADDRESS DIR\n   pfsd mount --all [--detach] [-o OPTION,...] DIR",
		Description: "A branch can be written to; a commit, a tag or an ancestor is read-only. Prints a line that begins\n" +
			"with \"ready\" when it is served. In the root of a mount, .pfs/commits/ID and .pfs/tags/TAG are earlier\n" +
			"versions, .pfs/head is the id of the last commit.\n\n" +
			"Options: ro, allow_other, uid=N, gid=N, umask=N, noatime, sync, noexec, suid, dev, remount, and\n" +
			"those that mount(8) and systemd take for themselves.\n\n" +
			"Example: pfsd mount --detach master.images ./images",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "mount every branch, as REPO/BRANCH; mkdir and rmdir make and delete them"},
			&cli.BoolFlag{Name: "detach", Usage: "return when the mount is ready, and go on in the background"},
			&cli.StringFlag{Name: "log-file", Usage: "append what is logged, once the mount is ready, to `FILE`"},
			&cli.BoolFlag{Name: flagDetached, Hidden: true},
			adminFlag(),
		}, mountFlags()...),
		Action: p.mount,
	}
}

func mountFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "create", Usage: "make the repo and the branch when they are missing"},
		&cli.StringFlag{Name: "commit", Value: commitAuto, Usage: "when changes become a commit: auto, a second after the " +
			"first of them, or manual, all of them when the mount ends"},
		&cli.DurationFlag{Name: "commit-interval", Value: time.Second, Usage: "how `LONG` changes wait at most to become a " +
			"commit; they are on disk after a second all the same"},
		&cli.StringFlag{Name: "o", Usage: "mount `OPTIONS`, separated by commas"},
	}
}

// The values of --commit.
const (
	commitAuto   = "auto"
	commitManual = "manual"
)

func (p *program) mount(c *cli.Context) error {
	count := 2
	if c.Bool("all") {
		count = 1
	}
	args, err := operands(c, count, count)
	if err != nil {
		return err
	}
	if options, err := mountpoint.ParseOptions(c.String("o")); err == nil && options.Remount {
		return remount(c.Context, args[count-1], c.String("o"))
	}
	if c.Bool("detach") && !c.Bool(flagDetached) {
		return p.detach(c.Context)
	}
	addr := door.AllBranches
	if !c.Bool("all") {
		addr = args[0]
	}
	mount, err := p.mounting(c, addr, args[count-1])
	if err != nil {
		return err
	}
	if err := p.logLater(c.String("log-file"), c.Bool(flagDetached)); err != nil {
		return err
	}
	return p.runDoors(c, c.Bool("create"), []opening{mount})
}

// remount changes the options of what is mounted on dir.
func remount(ctx context.Context, dir, options string) error {
	point, err := mountpoint.Find(ctx, dir, datadir.Canonical)
	if err != nil {
		return fmt.Errorf("mount point: %w", err)
	}
	return mountpoint.Remount(ctx, point, options)
}

// mounting opens a mount of the version at addr, which may be door.AllBranches, on dir.
func (p *program) mounting(c *cli.Context, addr, dir string) (opening, error) {
	options, err := mountpoint.ParseOptions(c.String("o"))
	if err != nil {
		return nil, usage(c, "%v", err)
	}
	manual := c.String("commit") == commitManual
	if !manual && c.String("commit") != commitAuto {
		return nil, usage(c, "--commit is %s or %s", commitAuto, commitManual)
	}
	if c.Duration("commit-interval") < time.Second {
		return nil, usage(c, "--commit-interval is a second or more")
	}
	who := person()
	spec := door.Mount{Author: p.getenv(authorVariable), UID: who.UID, GID: who.GID, Address: addr, CommitAfter: c.Duration("commit-interval")}
	if spec.Dir, err = p.mountPoint(c, dir); err != nil {
		return nil, err
	}
	if addr == door.AllBranches {
		if manual || c.Bool("create") {
			return nil, usage(c, "--create and --commit=manual are for a mount of one branch")
		}
		return func(context.Context, hosting.Member) (*door.Object, error) { return mountpoint.Attach(spec, options) }, nil
	}
	ref, err := parseRef(addr)
	if err != nil {
		return nil, err
	}
	if c.Bool("create") && !ref.IsBranch() {
		return nil, fmt.Errorf("--create makes branches, and %s is none: leave it out", addr)
	}
	return func(ctx context.Context, member hosting.Member) (*door.Object, error) {
		shown, err := p.provide(ctx, member.Client(), ref, c.Bool("create"))
		if err != nil {
			return nil, err
		}
		spec.Address, options.ReadOnly = shown.Address, options.ReadOnly || shown.ReadOnly
		if manual {
			if spec.Address, err = p.startManual(ctx, member.Client(), ref, shown); err != nil {
				return nil, err
			}
		}
		return mountpoint.Attach(spec, options)
	}, nil
}

// mountPoint returns dir in canonical form when it can be mounted on.
func (p *program) mountPoint(c *cli.Context, dir string) (string, error) {
	data, err := datadir.Locate(c.String(flagData), p.getenv)
	if err != nil {
		return "", err
	}
	point, err := mountpoint.Find(c.Context, dir, datadir.Canonical)
	switch {
	case dir == "":
		// A path that is empty stands for the working directory elsewhere; here it is a variable that was not set.
		return "", usage(c, "the directory to mount on is empty")
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no directory %s to mount on: make it with mkdir", dir)
	case err != nil:
		return "", fmt.Errorf("mount point: %w", err)
	}
	dead, err := mountpoint.IsDead(c.Context, point)
	if err != nil {
		return "", err
	}
	// A dead mount is replaced.
	if mountpoint.IsMount(point) && !dead {
		return "", fmt.Errorf("%s is a mount of pfsd already: end it with pfsd umount %s", dir, dir)
	}
	return point, datadir.CheckMountPoint(data, point)
}

// provide makes sure that the version at ref exists, making the branch when it may, and returns what is known of its root.
func (p *program) provide(ctx context.Context, store *control.Client, ref control.Ref, create bool) (control.Stat, error) {
	req := control.FileRequest{Ref: ref.String()}
	root, err := store.Stat(ctx, req)
	missing := pfs.KindOf(err) == pfs.KindRepoNotFound || pfs.KindOf(err) == pfs.KindBranchNotFound
	if !create || !missing {
		return root, err
	}
	_, err = store.CreateBranch(ctx, control.BranchRequest{Ref: ref.String(), MakeRepo: true, By: p.author()})
	if err != nil && pfs.KindOf(err) != pfs.KindExists {
		return root, err
	}
	return store.Stat(ctx, req)
}
