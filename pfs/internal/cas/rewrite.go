package cas

import (
	"context"
	"fmt"
	"io"

	"pfsd/pfs/internal/schema"
)

// Range is a range of a file, in bytes.
type Range struct{ Offset, Size int64 }

// Rewrite returns base with another size and with some ranges replaced: the same value as Ingest of the bytes that come of
// it, with a Pin. It cuts base off at size or extends it with zeros, which are holes, then puts in the ranges dirty, which
// must be sorted, disjoint, not empty and within size, from what src has at the same offsets. Windows without a change are
// not looked at, and of those with one only what is around it. src may be nil when dirty is empty.
//
// Errors: those of src unchanged, io.ErrUnexpectedEOF when it ends before a range does, ErrInvalid for ranges or a size that
// are none, ErrLost, ErrCorrupt, ctx's error and those of the stores.
func (s *Store) Rewrite(
	ctx context.Context, base schema.Content, size int64, dirty []Range, src io.ReaderAt,
) (schema.Content, *Pin, error) {
	w := s.newWriter(ctx)
	c, err := w.rewrite(base, size, dirty, src)
	if err != nil {
		w.abort()
		return schema.Content{}, nil, err
	}
	return c, w.done(c.Root), nil
}

func (w *writer) rewrite(base schema.Content, size int64, dirty []Range, src io.ReaderAt) (schema.Content, error) {
	if size < 0 {
		return schema.Content{}, fmt.Errorf("%w: size %d", ErrInvalid, size)
	}
	if err := w.s.inherit(w.ctx, w.batch, base.Root); err != nil {
		return schema.Content{}, err
	}
	if size == base.Size && len(dirty) == 0 {
		return base, nil
	}
	r := rewriting{base: base, view: w.s.viewContent(base), size: size}
	r.clean = readFrom(r.view, 0)
	at := int64(0)
	for _, d := range dirty {
		if d.Offset < at || d.Size <= 0 || d.Size > size-d.Offset {
			return schema.Content{}, fmt.Errorf("%w: %d bytes at %d", ErrInvalid, d.Size, d.Offset)
		}
		r.keep(at, d.Offset)
		at = d.Offset + d.Size
		r.segments = append(r.segments, segment{off: d.Offset, end: at, read: readSource(src)})
	}
	r.keep(at, size)
	return w.compose(size, r.segments, !base.Sparse)
}

// rewriting is the list of segments of a Rewrite as it comes about.
type rewriting struct {
	base     schema.Content
	view     *view
	clean    func(context.Context, []byte, int64) error
	size     int64
	segments []segment
}

// keep adds the range from off to end as it is in the base, or as zeros behind its end.
func (r *rewriting) keep(off, end int64) {
	if mid := min(end, r.base.Size); off < mid {
		r.segments = append(r.segments, segment{off: off, end: mid, view: r.view, read: r.clean})
		off = mid
	}
	if off < end {
		r.segments = append(r.segments, segment{off: off, end: end, zeros: true})
	}
}

// readSource returns the read function of segments whose bytes are in src, at the same offsets.
func readSource(src io.ReaderAt) func(context.Context, []byte, int64) error {
	return func(_ context.Context, p []byte, off int64) error {
		n, err := src.ReadAt(p, off)
		switch {
		case n == len(p):
			return nil
		case err == nil || err == io.EOF:
			return io.ErrUnexpectedEOF
		}
		return err
	}
}
