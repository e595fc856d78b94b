package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) getCommand() *cli.Command {
	return &cli.Command{
		Name: "get", Usage: "copy a file or directory of a version to local disk", UsageText: "pfsd get ADDRESS[:/PATH] [DEST]",
		Description: "A file goes to DEST or, when that is a directory, into it; a directory's files go into the\n" +
			"directory DEST. Without DEST it keeps its name, and - is stdout; a pipe or device is written to, too.\n" +
			"Each file appears whole, and with the hash that the store has for it, or not at all. What is there\n" +
			"already is not fetched again, and of a large file that was broken off, only the rest.\n\n" +
			"Example: pfsd get master~3.images:/train ./train-before",
		Action: p.get,
	}
}

func (p *program) get(c *cli.Context) error {
	args, err := operands(c, 1, 2)
	if err != nil {
		return err
	}
	a, err := parseAddress(args[0])
	if err != nil {
		return err
	}
	dest := ""
	if len(args) == 2 {
		dest = args[1]
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return p.getTo(ctx, store, a, dest, false)
	})
}

// getTo copies a file or directory of a version to dest. What is no file is written to and stays what it is: stdout, a device
// as /dev/null, a pipe.
func (p *program) getTo(ctx context.Context, store *control.Client, a address, dest string, owners bool) error {
	if dest != "-" && !isStream(dest) {
		return p.getTree(ctx, store, a, dest, owners)
	}
	return p.intoStream(dest, func(w io.Writer) error {
		return store.Cat(ctx, control.FileRequest{Ref: a.ref.String(), Path: a.path}, w)
	})
}

// transfers is how many files are fetched at a time.
const transfers = 8

// getTree copies a file or directory of a version to local disk, with its owners when they are kept. What is there already
// is not fetched, so that a get that was broken off goes on where it was.
func (p *program) getTree(ctx context.Context, store *control.Client, a address, dest string, owners bool) error {
	ref, _, err := pin(ctx, store, a)
	if err != nil {
		return err
	}
	req := control.FileRequest{Ref: ref, Path: a.path, Recursive: true}
	top, err := store.Stat(ctx, control.FileRequest{Ref: ref, Path: a.path})
	if err != nil {
		return asTyped(err, ref, a)
	}
	dir, name, err := place(a, top.Entry, dest)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	f := fetcher{store: store, ref: ref, receiver: receiver{warn: p.warn, root: root, top: name, owners: owners}}
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(transfers)
	err = f.fetchAll(ctx, req, workers)
	if waitErr := workers.Wait(); waitErr != nil {
		err = waitErr
	}
	if err != nil {
		return asTyped(err, ref, a)
	}
	return f.finish()
}

// asTyped returns err as one about the version that the user has named, rather than the commit that it was then.
func asTyped(err error, pinned string, a address) error {
	var e *pfs.Error
	if !errors.As(err, &e) || e.Ref != pinned {
		return err
	}
	typed := *e
	typed.Ref = a.ref.String()
	return &typed
}

// fetcher copies files of a version to local disk.
type fetcher struct {
	receiver
	store *control.Client
	ref   string
}

// fetchAll makes the directories and links itself, and has the workers fetch the files.
func (f *fetcher) fetchAll(ctx context.Context, req control.FileRequest, workers *errgroup.Group) error {
	for e, err := range f.store.List(ctx, req) {
		if err != nil {
			return err
		}
		stored := e.Path
		e.Path = strings.TrimPrefix(strings.TrimPrefix(e.Path, req.Path), "/")
		if e.Kind != "file" {
			err = f.receive(e)
		} else {
			workers.Go(func() error { return f.fetch(ctx, stored, e) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fetch copies a file unless it is there.
func (f *fetcher) fetch(ctx context.Context, stored string, e control.Entry) error {
	name := path.Join(f.top, e.Path)
	if there, err := f.has(name, e); there || err != nil {
		return err
	}
	err := f.fetchRest(ctx, name, stored, e)
	if errors.Is(err, errOther) {
		err = f.fetchRest(ctx, name, stored, e)
	}
	return err
}

// fetchRest copies a file, or what an earlier get has left to do of it.
func (f *fetcher) fetchRest(ctx context.Context, name, stored string, e control.Entry) error {
	part, err := f.begin(name, e)
	if err != nil {
		return err
	}
	var local error
	rest := control.FileRequest{Ref: f.ref, Path: stored, Offset: part.size}
	err = f.store.Get(ctx, rest, func(_ control.Entry, body io.Reader) error {
		local = part.receive(body)
		return local
	})
	if local != nil {
		err = about(f.local(name), fmt.Errorf("%s: %w", f.local(name), local))
	}
	return part.end(err)
}

// place returns the local directory, and the name in it, for what is at the address a: for a directory the name is empty.
func place(a address, top control.Entry, dest string) (dir, name string, err error) {
	name = path.Base(a.path)
	if a.path == "" {
		name = a.ref.Repo
	}
	if top.Kind == "dir" {
		if dest == "" {
			dest = name
		}
		return dest, "", os.MkdirAll(dest, 0o777)
	}
	if dest == "" {
		return ".", name, nil
	}
	if info, err := os.Stat(dest); err == nil && info.IsDir() || strings.HasSuffix(dest, "/") {
		return dest, name, nil
	}
	// A link that the user has named, as /dev/stdout is one, stays.
	if target, err := filepath.EvalSymlinks(dest); err == nil {
		dest = target
	}
	return filepath.Dir(dest), filepath.Base(dest), nil
}
