package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/guard"
	"pfsd/pfs"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// program is one run of the command line.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	// level is that of the log, set from the flags.
	level *slog.LevelVar
	log   *slog.Logger
	// paging is set while stdout is a pager's input.
	paging bool
	// salvage is set for a command that is to make a store that does not open one that does, and salvaged what it has done.
	salvage  bool
	salvaged *pfs.Salvaged
	// args are the command line, with the program's name first.
	args []string
	// executable is the file of this program, also when that has been replaced; empty where Run is not what it calls.
	executable string
	// whenReady is done once all doors are open, whenEnded when they have ended.
	whenReady []func() error
	whenEnded []func(ctx context.Context, store *control.Client) error
}

// Run runs the command that args, with the program's name first, ask for, and returns the exit code. SIGINT, SIGTERM and
// SIGHUP end it in order; a second one at once.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if guard.Run(args, stdin) {
		return exitOK
	}
	if args = helped(args); len(args) == 0 {
		return exitOK
	}
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	// Who is started by nohup(1) is to outlive the terminal.
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	context.AfterFunc(ctx, stop)
	// A reader of our output that goes away is an error of write(2) like any other: the store is still to be closed.
	signal.Ignore(syscall.SIGPIPE)
	level := new(slog.LevelVar)
	p := &program{
		stdin: stdin, stdout: output{stdout}, stderr: stderr, getenv: os.Getenv, level: level, executable: "/proc/self/exe",
		log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})),
	}
	return p.run(ctx, args)
}

// run is Run with the world given.
func (p *program) run(ctx context.Context, args []string) int {
	p.args = args
	app := p.app()
	return p.report(interrupted(ctx, app.RunContext(ctx, arrange(app, args))))
}

// app returns the tree of commands.
func (p *program) app() *cli.App {
	app := &cli.App{
		Name:                   "pfsd",
		Usage:                  "a versioned file store with an S3 endpoint and a mount",
		UsageText:              "pfsd COMMAND [ARGUMENT...]",
		Description:            addressHelp,
		HideVersion:            true,
		HideHelpCommand:        false,
		UseShortOptionHandling: true,
		Writer:                 p.stdout,
		ErrWriter:              p.stderr,
		Flags:                  globalFlags(),
		Before:                 p.setUp,
		Action:                 group,
		OnUsageError:           asUsage,
		ExitErrHandler:         func(*cli.Context, error) {},
		Commands: []*cli.Command{
			p.serveCommand(), p.s3Command(), p.mountCommand(), p.umountCommand(),
			p.repoCommand(), p.branchCommand(), p.tagCommand(), p.commitCommand(), p.undeleteCommand(),
			p.logCommand(), p.reflogCommand(), p.showCommand(), p.diffCommand(), p.annotateCommand(),
			p.mergeCommand(), p.cherryPickCommand(), p.revertCommand(), p.resetCommand(), p.squashCommand(), p.restoreCommand(),
			p.lsCommand(), p.treeCommand(), p.globCommand(), p.statCommand(), p.catCommand(), p.duCommand(),
			p.putCommand(), p.getCommand(), p.cpCommand(), p.mvCommand(), p.rmCommand(), p.mkdirCommand(),
			p.exportCommand(), p.importCommand(),
			p.statusCommand(), p.benchCommand(), p.fsckCommand(), p.lostCommand(), p.gcCommand(), p.upgradeCommand(),
			p.versionCommand(),
		},
	}
	refine(app.Commands)
	return app
}

// refine gives every command what all have in common.
func refine(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = asUsage
		c.UseShortOptionHandling = true
		c.HideHelpCommand = true
		if len(c.Subcommands) > 0 {
			c.Action = group
			c.UsageText = "pfsd " + c.Name + " COMMAND [ARGUMENT...]"
		}
		refine(c.Subcommands)
	}
}

const addressHelp = `An ADDRESS names a version of a repo: REPO (its branch master), BRANCH.REPO,
TAG.REPO, COMMIT.REPO or COMMIT.BRANCH.REPO; REPO@BRANCH works too. Of a commit's id
at least the first four digits are needed. With ^ or ~N behind its first part it is
an ancestor, and with :/PATH a file:

   master~3.images:/train/1.jpg

is the file as it was three commits ago.`

// asUsage marks an error of the flag parser.
func asUsage(c *cli.Context, err error, _ bool) error { return usage(c, "%v", err) }

// group is the action of what has only subcommands: to say so.
func group(c *cli.Context) error {
	if c.Args().Present() {
		return usage(c, "there is no command %q", c.Args().First())
	}
	if len(c.Lineage()) > 2 {
		return cli.ShowSubcommandHelp(c)
	}
	return cli.ShowAppHelp(c)
}
