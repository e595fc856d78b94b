package cas

import (
	"context"
	"fmt"
	"io"

	"pfsd/pfs/internal/schema"
)

// Reader reads the bytes of a content. It keeps no resource and needs no Close; its methods may be called concurrently.
type Reader struct{ v *view }

var (
	_ io.ReaderAt = (*Reader)(nil)
	_ io.WriterTo = (*Reader)(nil)
)

// Open returns a Reader of c. It reads nothing yet.
func (s *Store) Open(c schema.Content) *Reader { return &Reader{s.viewContent(c)} }

// OpenPart returns a Reader of p, whose first byte is at 0.
func (s *Store) OpenPart(p Part) *Reader { return &Reader{s.viewPart(p)} }

// Size returns how many bytes there are.
func (r *Reader) Size() int64 { return r.v.end - r.v.off }

// ReadAt is ReadAtContext without a context.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) {
	return r.ReadAtContext(context.Background(), p, off)
}

// ReadAtContext fills p with the bytes from off on. It returns io.EOF when there are not as many, ErrInvalid when off is
// negative, ErrCorrupt, but never wrong bytes, when the bytes on disk are not those that were written, ctx's error, and
// those of the stores.
func (r *Reader) ReadAtContext(ctx context.Context, p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, fmt.Errorf("%w: negative offset %d", ErrInvalid, off)
	case off >= r.Size():
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	return r.v.readAt(ctx, p, r.v.off+off)
}

// WriteTo is CopyTo of all bytes without a context.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	return r.CopyTo(context.Background(), w, 0, r.Size())
}

// CopyTo writes the n bytes from off on to w, chunk by chunk, and returns how many it has written. A w that is a FileSender has
// chunks in packs sent to it. Its errors are that of w and those of ReadAtContext, ErrInvalid also for a range that is not
// within the content.
func (r *Reader) CopyTo(ctx context.Context, w io.Writer, off, n int64) (done int64, err error) {
	if off < 0 || n < 0 || off > r.Size() || n > r.Size()-off {
		return 0, fmt.Errorf("%w: %d bytes at %d of %d", ErrInvalid, n, off, r.Size())
	}
	c := copier{v: r.v, w: w}
	c.sender, _ = w.(FileSender)
	defer c.free()
	for done < n {
		m, err := c.copy(ctx, r.v.off+off+done, n-done)
		done += m
		if err != nil {
			return done, err
		}
	}
	return done, nil
}
