package cli

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"pfsd/cli/internal/control"
)

func (p *program) export(c *cli.Context) error {
	args, err := operands(c, 2, 2)
	if err != nil {
		return err
	}
	a, err := parseAddress(args[0])
	if err != nil {
		return err
	}
	if isCompressed(args[1]) {
		return fmt.Errorf("%s: an archive is not compressed: give - for stdout, and compress that", args[1])
	}
	if !isArchive(args[1]) {
		return p.withStore(c, func(ctx context.Context, store *control.Client) error {
			return p.getTo(ctx, store, a, args[1], os.Geteuid() == 0)
		})
	}
	into := writeWhole
	if args[1] == "-" || isStream(args[1]) {
		into = p.intoStream
	}
	return p.withStore(c, func(ctx context.Context, store *control.Client) error {
		return into(args[1], func(w io.Writer) error { return p.writeArchive(ctx, store, a, w) })
	})
}

// writeWhole makes a file of what write writes, or none. It has the mode of the one that was there, else that of a new file.
func writeWhole(name string, write func(io.Writer) error) error {
	temp := filepath.Join(filepath.Dir(name), fmt.Sprintf(".pfsd-export-%d", os.Getpid()))
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return about(name, err)
	}
	if old, statErr := os.Stat(name); statErr == nil {
		err = file.Chmod(old.Mode().Perm())
	}
	err = cmp.Or(err, write(file), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return about(name, err)
}

// about returns an error of the file system as one about the file that the user has named, rather than a temporary one.
func about(name string, err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		return fmt.Errorf("%s: %w", name, pathErr.Err)
	case errors.As(err, &linkErr):
		return fmt.Errorf("%s: %w", name, linkErr.Err)
	}
	return err
}

// writeArchive writes a file or directory of a version as a tar archive.
func (p *program) writeArchive(ctx context.Context, store *control.Client, a address, w io.Writer) error {
	archive := tar.NewWriter(w)
	top := path.Base(a.path)
	err := store.Get(ctx, control.FileRequest{Ref: a.ref.String(), Path: a.path, Recursive: true, Links: true},
		func(e control.Entry, body io.Reader) error {
			if e.Path == "" && e.Kind == "dir" {
				return nil
			}
			if e.Path == "" {
				e.Path = top
			}
			return p.archiveEntry(archive, e, body)
		})
	if err != nil {
		return err
	}
	return archive.Close()
}

// paxXattr begins the names of the PAX records that hold extended attributes, as of tar(1), star(1) and package archive/tar.
const paxXattr = "SCHILY.xattr."

// archiveEntry writes one entry. PAX headers are used, which alone hold long names and times below the second.
func (p *program) archiveEntry(archive *tar.Writer, e control.Entry, body io.Reader) error {
	head := &tar.Header{
		Name: e.Path, Mode: int64(e.Mode), Uid: int(e.UID), Gid: int(e.GID), ModTime: e.Mtime, Format: tar.FormatPAX,
	}
	if len(e.Xattrs) > 0 {
		head.PAXRecords = map[string]string{}
	}
	for key, value := range e.Xattrs {
		head.PAXRecords[paxXattr+key] = string(value)
	}
	switch e.Kind {
	case "file":
		head.Typeflag, head.Size = tar.TypeReg, e.Size
	case "dir":
		head.Typeflag, head.Name = tar.TypeDir, e.Path+"/"
	case "symlink":
		head.Typeflag, head.Linkname = tar.TypeSymlink, e.Target
		if e.RawTarget != nil {
			head.Linkname = string(e.RawTarget)
		}
	case "link":
		head.Typeflag, head.Linkname = tar.TypeLink, e.Target
	case "fifo":
		head.Typeflag = tar.TypeFifo
	case "chardev", "blockdev":
		head.Typeflag = tar.TypeChar
		if e.Kind == "blockdev" {
			head.Typeflag = tar.TypeBlock
		}
		head.Devmajor, head.Devminor = int64(unix.Major(e.Device)), int64(unix.Minor(e.Device))
	default:
		p.warn("%s is left out: an archive has no %s", e.Path, e.Kind)
		return nil
	}
	if err := archive.WriteHeader(head); err != nil {
		return err
	}
	if e.Kind != "file" {
		return nil
	}
	if n, err := io.Copy(archive, body); err != nil || n != e.Size {
		return fmt.Errorf("%s: %d bytes of %d: %w", e.Path, n, e.Size, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return nil
}
