package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/bench"
)

func (p *program) benchCommand() *cli.Command {
	return &cli.Command{
		Name: "bench", Usage: "measure an S3 endpoint, a directory or the core, this store's or any other",
		Subcommands: []*cli.Command{p.benchS3Command(), p.benchMountCommand(), p.benchCoreCommand(), p.benchReferenceCommand()},
	}
}

// benchFlags are the flags of all that measures.
func benchFlags(workers int, more ...cli.Flag) []cli.Flag {
	return append([]cli.Flag{
		&cli.IntFlag{Name: "workers", Aliases: []string{"w"}, Value: workers, Usage: "how many operations (`N`) run at once"},
		&cli.DurationFlag{Name: "duration", Value: 5 * time.Second, Usage: "how long each load runs (`TIME`); 0 with --count"},
		&cli.IntFlag{Name: "count", Usage: "stop after `N` operations"},
		&cli.IntFlag{Name: "rounds", Value: 3, Usage: "with --vs, how many times (`N`) both sides take turns"},
		&cli.StringFlag{Name: "baseline", Usage: "compare with the results in `FILE`, made by --json"},
		&cli.StringFlag{Name: "profile", Usage: "save a profile of the server's processor time under the one load, as `FILE`"},
		&cli.StringFlag{Name: "admin", Usage: "with --profile, the admin listener of the server (`URL`); the core needs none"},
		&cli.BoolFlag{Name: flagJSON, Usage: "print the results as one array of JSON, for --baseline or a program"},
	}, more...)
}

func (p *program) benchS3Command() *cli.Command {
	return &cli.Command{
		Name: "s3", Usage: "measure an S3 endpoint", UsageText: "pfsd bench s3 [--endpoint URL] [--vs URL] [LOAD...]",
		Description: "The loads are " + strings.Join(bench.S3Names(), ", ") + "; all of them when none is named,\n" +
			"but for empty, which is what a server of `bench reference` can do at all.\n" +
			"Requests are signed when --access-key and --secret-key, or their variables, are set.\n\n" +
			"Example: pfsd bench s3 --size 64KiB --workers 32 put get",
		Flags: benchFlags(8,
			&cli.StringFlag{Name: "endpoint", Value: "http://" + defaultS3, Usage: "where the store is (`URL`)"},
			&cli.StringFlag{Name: "vs", Usage: "take turns with the endpoint at `URL`, and print ratios"},
			&cli.StringFlag{Name: "bucket", Value: "bench", Usage: "the `BUCKET` to work in; made when missing"},
			&cli.StringFlag{Name: "access-key", EnvVars: []string{"PFSD_ACCESS_KEY", "AWS_ACCESS_KEY_ID"}, Usage: "the `KEY` to sign with"},
			&cli.StringFlag{Name: "secret-key", EnvVars: []string{"PFSD_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"}, Usage: "its `SECRET`"},
			&cli.StringFlag{Name: "size", Value: "64KiB", Usage: "the `SIZE` of an object"},
			&cli.IntFlag{Name: "objects", Value: 1000, Usage: "how many objects (`N`) are read, listed and deleted"},
			&cli.StringFlag{Name: "part-size", Value: "8MiB", Usage: "the `SIZE` of a part of a multipart upload"},
			&cli.StringFlag{Name: "prefix", Usage: "list the keys that begin with `PREFIX`, which are there, rather than objects of the load"},
			&cli.StringFlag{Name: "range-size", Value: "4KiB", Usage: "the `SIZE` of a ranged read"},
		),
		Action: p.benchS3,
	}
}

func (p *program) benchS3(c *cli.Context) error {
	opts := bench.S3Options{Objects: max(c.Int("objects"), 1), Workers: c.Int("workers"), Prefix: c.String("prefix")}
	if err := sizes(c, map[string]*int64{"size": &opts.Size, "part-size": &opts.PartSize, "range-size": &opts.RangeSize}); err != nil {
		return err
	}
	names := c.Args().Slice()
	if len(names) == 0 {
		names = slices.DeleteFunc(bench.S3Names(), func(name string) bool { return name == bench.EmptyLoad })
	}
	return p.measure(c, names, bench.S3Names(), c.String("endpoint"), func(where, name string) (bench.Load, error) {
		e := bench.Endpoint{
			URL: where, Bucket: c.String("bucket"), AccessKey: c.String("access-key"), SecretKey: c.String("secret-key"),
		}
		return bench.S3(e, name, opts)
	})
}

func (p *program) benchMountCommand() *cli.Command {
	return &cli.Command{
		Name: "mount", Usage: "measure a directory, of a mount or of any file system", UsageText: "pfsd bench mount DIR [--vs DIR] [LOAD...]",
		Description: "The loads are " + strings.Join(bench.DirectoryNames(), ", ") + "; all of them when none is named.\n\n" +
			"Example: pfsd bench mount /mnt/images --vs /tmp create walk remove",
		Flags: benchFlags(1,
			&cli.StringFlag{Name: "vs", Usage: "take turns with the directory `DIR`, and print ratios"},
			&cli.StringFlag{Name: "size", Value: "256MiB", Usage: "the `SIZE` of a large file"},
			&cli.StringFlag{Name: "small-size", Value: "4KiB", Usage: "the `SIZE` of a small file"},
			&cli.StringFlag{Name: "block", Usage: "the `SIZE` of one read or write (default: 1MiB, 4KiB for the random ones)"},
			&cli.IntFlag{Name: "files", Value: 1000, Usage: "how many small files (`N`)"},
			&cli.BoolFlag{Name: "cold", Usage: "have the kernel forget what is to be read"},
			&cli.BoolFlag{Name: "sync", Usage: "make each small file durable before the next"},
		),
		Action: p.benchMount,
	}
}

func (p *program) benchMount(c *cli.Context) error {
	args, err := operands(c, 1, -1)
	if err != nil {
		return err
	}
	opts := bench.DirectoryOptions{Files: max(c.Int("files"), 1), Cold: c.Bool("cold"), Syncs: c.Bool("sync")}
	if err := sizes(c, map[string]*int64{"size": &opts.Size, "small-size": &opts.SmallSize}); err != nil {
		return err
	}
	block := int64(0)
	if c.IsSet("block") {
		if err := sizes(c, map[string]*int64{"block": &block}); err != nil {
			return err
		}
	}
	return p.measure(c, args[1:], bench.DirectoryNames(), args[0], func(where, name string) (bench.Load, error) {
		opts := opts
		opts.Block = int(block)
		if block == 0 && strings.HasPrefix(name, "random") {
			opts.Block = 4 << 10
		} else if block == 0 {
			opts.Block = 1 << 20
		}
		return bench.Directory(where, name, opts)
	})
}

func (p *program) benchCoreCommand() *cli.Command {
	return &cli.Command{
		Name: "core", Usage: "measure the core of the store, and what bounds it", UsageText: "pfsd bench core [LOAD...]",
		Description: "The loads are " + strings.Join(bench.CoreNames(), ", ") + "; all of them when none is named.\n" +
			"copy, hash, file and file-sync are what memory, BLAKE3 and the file system do by themselves.\n\n" +
			"Example: pfsd bench core chunk hash ingest",
		Flags: benchFlags(1,
			&cli.StringFlag{Name: "dir", Value: os.TempDir(), Usage: "where the store to be measured is made (`DIR`)"},
			&cli.StringFlag{Name: "size", Value: "64MiB", Usage: "the `SIZE` of what is read, hashed or written at once"},
			&cli.IntFlag{Name: "files", Value: 100_000, Usage: "how many files (`N`) the branch has"},
			&cli.IntFlag{Name: "commits", Value: 1000, Usage: "how many commits (`N`) of one file it has"},
		),
		Action: p.benchCore,
	}
}

func (p *program) benchCore(c *cli.Context) error {
	opts := bench.CoreOptions{Files: max(c.Int("files"), 1), Commits: c.Int("commits")}
	if err := sizes(c, map[string]*int64{"size": &opts.Size}); err != nil {
		return err
	}
	core, err := bench.NewCore(c.String("dir"), opts)
	if err != nil {
		return err
	}
	err = p.measure(c, c.Args().Slice(), bench.CoreNames(), "", func(_, name string) (bench.Load, error) { return core.Load(name) })
	return errors.Join(err, core.Close())
}

// sizes reads the flags that are sizes.
func sizes(c *cli.Context, flags map[string]*int64) error {
	for name, to := range flags {
		n, err := humanize.ParseBytes(c.String(name))
		if err != nil || n == 0 || n > 1<<50 {
			return usage(c, "--%s is a size such as 64KiB", name)
		}
		*to = int64(n)
	}
	return nil
}

// measure runs the named loads, all of them when none is named, against what is at where, and prints what comes of it.
func (p *program) measure(c *cli.Context, names, all []string, where string, load func(where, name string) (bench.Load, error)) error {
	if len(names) == 0 {
		names = all
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			return usage(c, "there is no load %q; there are %s", name, strings.Join(all, ", "))
		}
	}
	opts := bench.Options{Workers: c.Int("workers"), Duration: c.Duration("duration"), Count: c.Int("count"), Progress: p.progress()}
	if opts.Duration <= 0 && opts.Count <= 0 || opts.Workers <= 0 {
		return usage(c, "a number of workers, and a duration or a count, are needed")
	}
	if file := c.String("profile"); file != "" {
		core := where == ""
		if len(names) != 1 || (c.String("admin") == "") != core || c.String("vs") != "" {
			return usage(c, "--profile is of one load, without --vs, and needs the --admin listener of the server, if there is one")
		}
		if core {
			opts.Profile = ownProfile(file, opts.Duration)
		} else {
			opts.Profile = profileOf(c.String("admin"), file, opts.Duration)
		}
	}
	if c.String("vs") != "" {
		return p.takeTurns(c, names, where, opts, load)
	}
	var results []bench.Result
	for _, name := range names {
		l, err := load(where, name)
		if err != nil {
			return err
		}
		r, err := bench.Run(c.Context, l, opts)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		results = append(results, r)
	}
	p.clearProgress()
	return p.printResults(c, results)
}

// profileOf returns what saves a profile of the server whose admin listener is at a URL: of d, in whole seconds, or of one
// second when a load ends by count alone.
func profileOf(admin, file string, d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		url := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", strings.TrimRight(admin, "/"), max(int(d.Seconds()), 1))
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		profile, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", url, response.Status)
		}
		if err != nil {
			return err
		}
		return os.WriteFile(file, profile, 0o666)
	}
}

// ownProfile returns what saves a profile of this process, of d or of one second when a load ends by count alone.
func ownProfile(file string, d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		out, err := os.Create(file)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(out); err != nil {
			return errors.Join(err, out.Close())
		}
		select {
		case <-ctx.Done():
		case <-time.After(max(d, time.Second)):
		}
		pprof.StopCPUProfile()
		return out.Close()
	}
}

func (p *program) takeTurns(
	c *cli.Context, names []string, where string, opts bench.Options, load func(where, name string) (bench.Load, error),
) error {
	var comparisons []bench.Comparison
	for _, name := range names {
		a, err := load(where, name)
		if err != nil {
			return err
		}
		b, err := load(c.String("vs"), name)
		if err != nil {
			return err
		}
		compared, err := bench.Alternate(c.Context, a, b, opts, c.Int("rounds"))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		comparisons = append(comparisons, compared)
	}
	p.clearProgress()
	if c.Bool(flagJSON) {
		return p.printJSON(comparisons)
	}
	return bench.PrintComparisons(p.stdout, comparisons)
}

func (p *program) printResults(c *cli.Context, results []bench.Result) error {
	switch {
	case c.String("baseline") != "":
		before, err := readResults(c.String("baseline"))
		if err != nil {
			return err
		}
		comparisons := bench.Against(results, before)
		if c.Bool(flagJSON) {
			return p.printJSON(comparisons)
		}
		return bench.PrintComparisons(p.stdout, comparisons)
	case c.Bool(flagJSON):
		return p.printJSON(results)
	}
	return bench.PrintTable(p.stdout, results)
}

func readResults(name string) (results []bench.Result, err error) {
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &results)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: no results of bench --json: %w", name, err)
	}
	return results, nil
}

// progress returns what shows how far a load is, on a terminal; nil elsewhere.
func (p *program) progress() func(string, int64, int64) {
	if !isTerminal(p.stderr) {
		return nil
	}
	return func(name string, operations, bytes int64) {
		fmt.Fprintf(p.stderr, "\r\x1b[K%s: %s operations, %s", name, humanize.Comma(operations), humanize.IBytes(uint64(bytes)))
	}
}

func (p *program) clearProgress() {
	if isTerminal(p.stderr) {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
}

func (p *program) benchReferenceCommand() *cli.Command {
	return &cli.Command{
		Name: "reference", Usage: "serve plain files by plain HTTP, for `bench s3` to compare with, until Ctrl-C",
		UsageText: "pfsd bench reference [--addr HOST:PORT] DIR",
		Description: "Objects are files below DIR: a GET is sendfile(2), a PUT a write and an fsync. There are no signatures,\n" +
			"listings or versions.\n\nExample: pfsd bench reference /tmp/plain & pfsd bench s3 --vs http://127.0.0.1:9001 put get",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:9001", Usage: "listen on `HOST:PORT`; port 0 is any free one"},
		},
		Action: p.benchReference,
	}
}

func (p *program) benchReference(c *cli.Context) error {
	args, err := operands(c, 1, 1)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.String("addr"))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: bench.Reference(args[0]), ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(c.Context, func() { _ = server.Close() })
	defer stop()
	fmt.Fprintf(p.stdout, "ready http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
