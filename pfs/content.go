package pfs

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"runtime"

	"pfsd/pfs/internal/cas"
)

// Ingested is a content that no path may link to yet. Release it, once it has been linked or is not wanted; until then the
// garbage collector leaves it alone.
type Ingested struct {
	Content Content
	pin     *cas.Pin
}

// Release lets go of the content. It may be called more than once.
func (i *Ingested) Release() { i.pin.Release() }

// Ingest streams what r yields into the store, in constant memory, and returns it as a content. It touches no path; a crash
// before the content is linked leaves only garbage. It need not be on disk before it is linked. r's error comes back
// unchanged; others are of KindNoSpace, KindCanceled, KindClosed or KindInternal.
//
// An r with the methods Zeros() int64 and Skip(n int64) is not read where it has holes: Zeros returns how many of the bytes that
// come next are known to be zeros, and Skip skips so many, or fewer.
func (s *Store) Ingest(ctx context.Context, r io.Reader) (*Ingested, error) {
	src := &sourceReader{r: r}
	c, pin, err := s.contents.Ingest(ctx, src.source())
	if err != nil {
		return nil, src.errorOr("pfs.Ingest", err)
	}
	return &Ingested{c, pin}, nil
}

// Rewrite returns a content that is base, cut off or extended with a hole to size, with the ranges dirty read from src at
// the same offsets. The ranges are ascending, disjoint and below size. Only what is near a change is read and written.
// Errors are as with Ingest.
func (s *Store) Rewrite(ctx context.Context, base Content, size int64, dirty []Range, src io.ReaderAt) (*Ingested, error) {
	ranges := make([]cas.Range, len(dirty))
	for i, r := range dirty {
		ranges[i] = cas.Range(r)
	}
	c, pin, err := s.contents.Rewrite(ctx, base, size, ranges, src)
	if err != nil {
		return nil, wrap("pfs.Rewrite", err, "", "")
	}
	return &Ingested{c, pin}, nil
}

// OpenContent returns a reader of c, which needs no close.
func (s *Store) OpenContent(c Content) *File {
	f := &File{store: s.contents, content: c, r: s.contents.Open(c)}
	s.holdContent(f, c.Root)
	return f
}

// Chunks yields the pieces of c in order. An error ends the sequence.
func (s *Store) Chunks(ctx context.Context, c Content) iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		defer s.contents.Hold(c.Root)()
		if err := s.contents.Protect(ctx, c.Root); err != nil {
			yield(Extent{}, wrap("pfs.Chunks", err, "", ""))
			return
		}
		for e, err := range s.contents.Chunks(ctx, c) {
			if !yield(Extent{Offset: e.Offset, Size: e.Size, Hash: e.Hash, Hole: e.Hole}, wrap("pfs.Chunks", err, "", "")) {
				return
			}
		}
	}
}

// sourceReader remembers the error of a caller's reader, so that it can be given back as it came.
type sourceReader struct {
	r   io.Reader
	err error
}

func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// sparseReader is a reader that knows of zeros before they are read.
type sparseReader interface {
	Zeros() int64
	Skip(n int64)
}

// source returns s, as a sparseReader where the caller's reader is one.
func (s *sourceReader) source() io.Reader {
	if sparse, ok := s.r.(sparseReader); ok {
		return struct {
			*sourceReader
			sparseReader
		}{s, sparse}
	}
	return s
}

// errorOr returns the reader's own error if it had one, else err as an error of op.
func (s *sourceReader) errorOr(op string, err error) error {
	if s.err != nil {
		return s.err
	}
	return wrap(op, err, "", "")
}

// File reads a content. Its methods may be called concurrently.
type File struct {
	store   *cas.Store
	content Content
	r       *cas.Reader
}

// Size is the number of bytes.
func (f *File) Size() int64 { return f.r.Size() }

// ReadAt reads as io.ReaderAt says. Other errors than io.EOF are of KindCorrupt or KindInternal.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	defer runtime.KeepAlive(f)
	n, err := f.r.ReadAt(p, off)
	if err == io.EOF {
		return n, io.EOF
	}
	return n, wrap("pfs.ReadAt", err, "", "")
}

// FileSender is a writer that can have pieces of files sent to it by the kernel, as sendfile(2) does.
type FileSender = cas.FileSender

// CopyRange writes n bytes from off on to w, piece by piece, and returns how many it has written. A w that is a FileSender
// gets larger pieces as those of files. w's error comes back unchanged; others are of KindInvalid when there is no such
// range, KindCorrupt or KindInternal.
func (f *File) CopyRange(ctx context.Context, w io.Writer, off, n int64) (int64, error) {
	defer runtime.KeepAlive(f)
	if off < 0 || n < 0 || off > f.Size()-n {
		return 0, &Error{Op: "pfs.CopyRange", Kind: KindInvalid}
	}
	dst := &targetWriter{w: w}
	done, err := f.r.CopyTo(ctx, dst.target(), off, n)
	if dst.err != nil {
		return done, dst.err
	}
	return done, wrap("pfs.CopyRange", err, "", "")
}

// NextData returns the first offset at or behind off that is not in a hole. The error is io.EOF when there is none, or of
// KindCorrupt or KindInternal.
func (f *File) NextData(ctx context.Context, off int64) (int64, error) {
	defer runtime.KeepAlive(f)
	return found(f.store.NextData(ctx, f.content, off))
}

// NextHole returns the first offset at or behind off that is in a hole, as which the end of the file counts. The error is
// io.EOF when off is not below the size, or as with NextData.
func (f *File) NextHole(ctx context.Context, off int64) (int64, error) {
	defer runtime.KeepAlive(f)
	return found(f.store.NextHole(ctx, f.content, off))
}

// Holes returns how many bytes are in holes. Errors are as with NextData.
func (f *File) Holes(ctx context.Context) (int64, error) {
	defer runtime.KeepAlive(f)
	n, err := f.store.Holes(ctx, f.content)
	return n, wrap("pfs.Holes", err, "", "")
}

func found(at int64, err error) (int64, error) {
	if err == io.EOF {
		return at, err
	}
	return at, wrap("pfs.File", err, "", "")
}

// targetWriter remembers the error of a caller's writer.
type targetWriter struct {
	w   io.Writer
	err error
}

func (t *targetWriter) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.err = err
	return n, err
}

// target returns t, as a FileSender where the caller's writer is one.
func (t *targetWriter) target() io.Writer {
	if sender, ok := t.w.(FileSender); ok {
		return targetSender{t, sender}
	}
	return t
}

// targetSender is a targetWriter that is a FileSender.
type targetSender struct {
	*targetWriter
	sender FileSender
}

// SendFile implements FileSender.
func (t targetSender) SendFile(file *os.File, off, n int64) (int64, error) {
	m, err := t.sender.SendFile(file, off, n)
	t.err = err
	return m, err
}
