package cli

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

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
			return fmt.Errorf("%s is neither a directory nor an archive whose name ends in .tar: unpack what is compressed, "+
				"and give - for stdin", args[0])
		}
		return p.withNewStore(c, func(ctx context.Context, store *control.Client) error {
			return p.putAll(ctx, c, store, dest, puts{
				copies: []localCopy{{source: args[0], path: dest.path}}, names: p.naming(c), owners: os.Geteuid() == 0,
			})
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
	return p.withNewStore(c, func(ctx context.Context, store *control.Client) error {
		return p.importArchive(ctx, c, store, dest, in)
	})
}

// importArchive stores what is in a tar archive in one commit. An archive that changes while it is read is refused.
func (p *program) importArchive(ctx context.Context, c *cli.Context, store *control.Client, dest address, in io.Reader) error {
	whole, err := steady(ctx, in)
	if err != nil {
		return fmt.Errorf("the archive: %w", err)
	}
	req := control.PutRequest{
		Ref: dest.ref.String(), Message: c.String(flagMessage), By: p.author(), Owners: os.Geteuid() == 0,
	}
	commit, err := store.Put(ctx, req, func(parts *control.PartWriter) error {
		r := archiveReader{
			in: &archiveInput{in: in}, parts: parts, into: dest.path, warn: p.warn, owners: req.Owners, stored: newStored(store, req.Ref),
			names: p.naming(c),
		}
		err := r.readAll(ctx)
		if changed := whole(); changed != nil {
			return fmt.Errorf("the archive: %w: nothing was imported", changed)
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.printCommit(c, commit)
}

// archiveReader sends what is in a tar archive as the parts of a put.
type archiveReader struct {
	in      *archiveInput
	archive *tar.Reader
	parts   *control.PartWriter
	into    string
	warn    func(format string, args ...any)
	// owners is set when entries keep theirs; else they get that of who runs this process.
	owners bool
	// stored is what the branch has already.
	stored *stored
	names  *naming
}

func (r *archiveReader) readAll(ctx context.Context) error {
	r.archive = tar.NewReader(r.in)
	for {
		head, err := r.in.next(r.archive)
		if err == io.EOF && !r.in.ended {
			return r.names.err()
		}
		if err == io.EOF {
			// An archive has a mark at its end, behind which nothing is read.
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
			if name := r.in.lastName(); name != "" {
				return fmt.Errorf("the archive: %s: %w", name, err)
			}
		}
		if err != nil {
			return fmt.Errorf("the archive: %w", err)
		}
		if err := r.read(ctx, head); err != nil {
			return err
		}
	}
}

// read sends one entry. None goes outside of the directory that the archive is imported into.
func (r *archiveReader) read(ctx context.Context, head *tar.Header) error {
	to, ok, err := r.place(head.Name)
	if err != nil || !ok || to == r.into {
		return err
	}
	e := r.entry(to, head)
	switch head.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
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
		if e.Target, ok, err = r.place(head.Linkname); err != nil || !ok {
			return err
		}
	case tar.TypeFifo:
		e.Kind = pfs.EntryFifo.String()
	case tar.TypeChar:
		e.Kind = pfs.EntryCharDevice.String()
	case tar.TypeBlock:
		e.Kind = pfs.EntryBlockDevice.String()
	case tar.TypeXGlobalHeader:
		return nil
	default:
		r.warn("%s is left out: it is of a kind that is not stored", head.Name)
		return nil
	}
	if e.Kind != pfs.EntryFile.String() {
		_, err := r.parts.Next(e)
		return err
	}
	return r.readFile(ctx, head, e)
}

// entry returns an entry with the attributes that an archive has for it.
func (r *archiveReader) entry(to string, head *tar.Header) control.Entry {
	who := person()
	e := control.Entry{
		Path: to, Mode: control.Mode(head.Mode & 0o7777), Mtime: control.Storable(head.ModTime), UID: who.UID, GID: who.GID,
		Device: unix.Mkdev(uint32(head.Devmajor), uint32(head.Devminor)),
	}
	if r.owners {
		e.UID, e.GID = uint32(head.Uid), uint32(head.Gid)
	}
	for key, value := range head.PAXRecords {
		// Others are about the system that the archive was made on.
		if name, found := strings.CutPrefix(key, paxXattr); found && strings.HasPrefix(name, "user.") {
			if e.Xattrs == nil {
				e.Xattrs = map[string][]byte{}
			}
			e.Xattrs[name] = []byte(value)
		}
	}
	return e
}

// readFile sends a file, without its bytes when the branch has them there already.
func (r *archiveReader) readFile(ctx context.Context, head *tar.Header, e control.Entry) error {
	if head.Size > maxFile {
		return fmt.Errorf("the archive: %s: a file of %d bytes is larger than the 50 TiB that are taken", head.Name, head.Size)
	}
	if isSparse(head) {
		return r.readSparse(head, e)
	}
	body := io.Reader(r.archive)
	candidate, err := r.stored.find(ctx, e.Path, head.Size)
	if err != nil {
		return err
	}
	if candidate != nil && head.Typeflag == tar.TypeReg {
		if body, err = r.compare(head, candidate, &e); err != nil {
			return fmt.Errorf("the archive: %w", err)
		}
	}
	w, err := r.parts.Next(e)
	if err != nil || e.ETag != "" {
		return err
	}
	return copyBytes(w, body, head)
}

// readSparse sends a file of which the archive has only a part: ranges of bytes, and the size of the holes before and behind them.
func (r *archiveReader) readSparse(head *tar.Header, e control.Entry) error {
	ranges, err := r.in.sparseMap(head)
	if err != nil {
		return fmt.Errorf("the archive: %s: %w", head.Name, err)
	}
	w, err := r.parts.Next(e)
	if err != nil {
		return err
	}
	at := int64(0)
	for _, data := range append(ranges, fileRange{off: head.Size}) {
		if err := r.parts.Hole(data.off - at); err != nil {
			return err
		}
		if err := copyBytes(w, io.LimitReader(r.in.past(), data.size), head); err != nil {
			return err
		}
		at = data.end()
	}
	return nil
}

// copyBytes writes bytes of the archive's file head to w.
func copyBytes(w io.Writer, r io.Reader, head *tar.Header) error {
	in := failing{r: r}
	_, err := io.Copy(w, &in)
	if in.err != nil {
		err = fmt.Errorf("the archive: %s: %w", head.Name, in.err)
	}
	return err
}

// failing is a reader that remembers its error.
type failing struct {
	r   io.Reader
	err error
}

// Read reads from the reader.
func (f *failing) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err != io.EOF {
		f.err = err
	}
	return n, err
}

// compare sets the ETag of an entry when its bytes are those of the candidate, and returns a reader of them.
func (r *archiveReader) compare(head *tar.Header, candidate, e *control.Entry) (io.Reader, error) {
	body := io.Reader(r.archive)
	bytesOf := body
	if file, ok := r.in.in.(*os.File); ok {
		if at, err := file.Seek(0, io.SeekCurrent); err == nil {
			// The archive's reader has read no further than to the file's first byte.
			bytesOf = io.NewSectionReader(file, at, head.Size)
		}
	}
	if bytesOf == body {
		if head.Size > heldBytes {
			return body, nil
		}
		held, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		body, bytesOf = bytes.NewReader(held), bytes.NewReader(held)
	}
	sum, err := hashOf(bytesOf, head.Size)
	if err == nil && sum == candidate.ETag {
		e.ETag = sum
	}
	return body, err
}

// heldBytes is the size of a file up to which one from an archive that cannot be read twice is held in memory.
const heldBytes = 1 << 20

// maxFile is the size of the largest file that is taken: what one request may upload.
const maxFile = 50 << 40

// isSparse reports whether an archive has only a part of a file's bytes, and a map of it that package archive/tar understands.
func isSparse(head *tar.Header) bool {
	major, minor := head.PAXRecords["GNU.sparse.major"], head.PAXRecords["GNU.sparse.minor"]
	switch {
	case head.Typeflag == tar.TypeGNUSparse, major == "0" && (minor == "0" || minor == "1"), major == "1" && minor == "0":
		return true
	}
	return major == "" && minor == "" && head.PAXRecords["GNU.sparse.map"] != ""
}

// place returns the path in the store for a name in the archive; ok is false when nothing is to be sent.
func (r *archiveReader) place(name string) (to string, ok bool, err error) {
	for component := range strings.SplitSeq(name, "/") {
		if component == ".." {
			return "", false, fmt.Errorf("the archive: %q leads out of it: nothing was imported", name)
		}
	}
	return r.names.place(path.Join(r.into, path.Clean("/" + name)[1:]), name)
}
