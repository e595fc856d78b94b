package cas

import (
	"context"
	"fmt"
	"io"
	"math"

	"pfsd/pfs/internal/schema"
)

// Join returns the content that is the concatenation of parts: the same value as Ingest of those bytes, with a Pin. Parts
// that were stored for the offset at which they now are cost little: around each seam some bytes are read and cut anew, at
// most to the window's end. The bytes of others are read once more. The parts stay as they are. Errors: ErrLost when a part
// was, ErrTooLarge, ErrCorrupt, ctx's error and those of the stores.
func (s *Store) Join(ctx context.Context, parts []Part) (schema.Content, *Pin, error) {
	w := s.newWriter(ctx)
	c, err := w.join(parts)
	if err != nil {
		w.abort()
		return schema.Content{}, nil, err
	}
	return c, w.done(c.Root), nil
}

func (w *writer) join(parts []Part) (schema.Content, error) {
	var size int64
	segments := make([]segment, 0, len(parts))
	for _, p := range parts {
		if p.Size == 0 {
			continue
		}
		if p.Size > math.MaxInt64-size {
			return schema.Content{}, fmt.Errorf("%w: %d parts", ErrTooLarge, len(parts))
		}
		v := w.s.viewPart(p)
		g := segment{off: size, end: size + p.Size, read: readFrom(v, p.Offset-size)}
		if p.Offset == size {
			g.view = v
		}
		segments = append(segments, g)
		size = g.end
	}
	for _, p := range parts {
		if err := w.s.inherit(w.ctx, w.batch, p.Root); err != nil {
			return schema.Content{}, err
		}
	}
	return w.compose(size, segments, true)
}

// AsPart stores the n bytes from off on of the content c as the part of a future content that begins at the offset at in
// it: the same value as IngestPart of those bytes. They are read, but not stored again. Errors: ErrInvalid for a range that
// is not within c, and those of Join.
func (s *Store) AsPart(ctx context.Context, c schema.Content, off, n, at int64) (Part, *Pin, error) {
	if off < 0 || n < 0 || off > c.Size || n > c.Size-off {
		return Part{}, nil, fmt.Errorf("%w: %d bytes at %d of %d", ErrInvalid, n, off, c.Size)
	}
	defer s.Hold(c.Root)()
	if err := s.protect(ctx, c.Root); err != nil {
		return Part{}, nil, err
	}
	return s.IngestPart(ctx, io.NewSectionReader(contextReader{ctx, s.Open(c)}, off, n), at)
}

// contextReader is a Reader with a context.
type contextReader struct {
	ctx context.Context
	r   *Reader
}

func (c contextReader) ReadAt(p []byte, off int64) (int, error) {
	return c.r.ReadAtContext(c.ctx, p, off)
}
