package cli

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func (p *program) importInto(c *cli.Context) error {
	args, err := operands(c, 2, 2)
	if err != nil {
		return err
	}
	dest, err := parseAddress(args[1])
	if err != nil {
		return err
	}
	if !isArchive(args[0]) {
		info, err := os.Stat(args[0])
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is neither a directory nor an archive whose name ends in .tar", args[0])
		}
		return p.withStore(c, func(ctx context.Context, store *control.Client) error {
			return p.putAll(ctx, c, store, dest, []localCopy{{source: args[0], path: dest.path}})
		})
	}
	in := p.stdin
	if args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		req := control.PutRequest{Ref: dest.ref.String(), Message: c.String(flagMessage), By: p.author()}
		commit, err := store.Put(ctx, req, func(parts *control.PartWriter) error {
			r := archiveReader{in: in, parts: parts, into: dest.path, warn: p.warn}
			return r.readAll(ctx)
		})
		if err != nil {
			return err
		}
		return p.printCommit(c, commit)
	})
}

// archiveReader sends what is in a tar archive as the parts of a put.
type archiveReader struct {
	in io.Reader
	// ended is set when in has been read to its end.
	ended   bool
	archive *tar.Reader
	parts   *control.PartWriter
	into    string
	warn    func(format string, args ...any)
}

// Read reads from the file that is the archive.
func (r *archiveReader) Read(b []byte) (int, error) {
	n, err := r.in.Read(b)
	r.ended = r.ended || err == io.EOF
	return n, err
}

func (r *archiveReader) readAll(ctx context.Context) error {
	r.archive = tar.NewReader(r)
	for {
		head, err := r.archive.Next()
		if err == io.EOF && !r.ended {
			return nil
		}
		if err == io.EOF {
			// An archive has a mark at its end, behind which nothing is read.
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("the archive: %w", err)
		}
		if err := r.read(head); err != nil {
			return err
		}
	}
}

// read sends one entry. None goes outside of the directory that the archive is imported into.
func (r *archiveReader) read(head *tar.Header) error {
	to, err := r.place(head.Name)
	if err != nil || to == r.into {
		return err
	}
	e := control.Entry{Path: to, Mode: control.Mode(head.Mode & 0o7777), Mtime: head.ModTime}
	switch head.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		e.Kind = pfs.EntryFile.String()
	case tar.TypeDir:
		e.Kind = pfs.EntryDir.String()
	case tar.TypeSymlink:
		e.Kind, e.Target = pfs.EntrySymlink.String(), head.Linkname
		if !utf8.ValidString(e.Target) {
			e.RawTarget = []byte(e.Target)
		}
	case tar.TypeLink:
		e.Kind = pfs.EntryLink.String()
		if e.Target, err = r.place(head.Linkname); err != nil {
			return err
		}
	case tar.TypeXGlobalHeader:
		return nil
	default:
		r.warn("%s is left out: it is no file, directory or link", head.Name)
		return nil
	}
	w, err := r.parts.Next(e)
	if err == nil && e.Kind == pfs.EntryFile.String() {
		_, err = io.Copy(w, r.archive)
	}
	return err
}

// place returns the path in the store for a name in the archive.
func (r *archiveReader) place(name string) (string, error) {
	for component := range strings.SplitSeq(name, "/") {
		if component == ".." {
			return "", fmt.Errorf("the archive: %q leads out of it: nothing was imported", name)
		}
	}
	to := path.Join(r.into, path.Clean("/" + name)[1:])
	return to, pfs.CheckPath(to)
}
