package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// errChanged says that the bytes that were read of a file may never have been the whole file at one moment.
var errChanged = errors.New("it was changed while it was read")

// reading reads a local file from where it stands to its end, and tells whether anything has changed the file meanwhile.
type reading struct {
	ctx  context.Context
	file *os.File
	// info is the state of the file before its first byte was read.
	info fs.FileInfo
	// at is the offset in the file of the next byte.
	at int64
}

// openReading opens the regular file l, which may have become something else since it was found. The caller closes it.
func openReading(ctx context.Context, l *local) (*reading, error) {
	file, err := l.open(os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	info, err := settled(ctx, file)
	if err == nil && !info.Mode().IsRegular() {
		err = errChanged
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &reading{ctx: ctx, file: file, info: info}, nil
}

// close closes the file.
func (r *reading) close() { r.file.Close() }

// Read reads the file. Behind the length that the file had it fails with errChanged when the file has changed: one that grows
// as quickly as it is read has no end.
func (r *reading) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.file.Read(b)
	r.at += int64(n)
	if err == nil && r.at > r.info.Size() {
		err = unchanged(r.file, r.info)
	}
	return n, err
}

// whole returns nil if all that was read is what the file had at the moment of its info, else errChanged.
func (r *reading) whole() error {
	if err := unchanged(r.file, r.info); err != nil {
		return err
	}
	// Files that the kernel makes up, as those in /proc, say that they are empty.
	if size := r.info.Size(); r.at != size && size != 0 {
		return fmt.Errorf("%w: it ends at byte %d, not %d", errChanged, r.at, size)
	}
	return nil
}

// unchanged returns nil if a file is as it was at before, else errChanged. When another file took its name, or one of its
// names was removed, it still has its bytes: that changes the ctime and the number of links only.
func unchanged(file *os.File, before fs.FileInfo) error {
	after, err := file.Stat()
	if err != nil {
		return err
	}
	was, is := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
	if is.Size != was.Size || is.Mtim != was.Mtim || is.Ctim != was.Ctim && is.Nlink >= was.Nlink {
		return errChanged
	}
	return nil
}

// steady looks at what is to be read, and returns a function that returns errChanged if it has changed since. Of what is no
// regular file nothing is known.
func steady(ctx context.Context, in io.Reader) (whole func() error, err error) {
	whole = func() error { return nil }
	file, ok := in.(*os.File)
	if !ok {
		return whole, nil
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return whole, err
	}
	info, err := settled(ctx, file)
	return func() error { return unchanged(file, info) }, err
}
