package cas

import (
	"context"
	"fmt"
	"io"
	"iter"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// Extent is a chunk of a content, or a hole.
type Extent struct {
	// Offset in the content and Size, in bytes.
	Offset, Size int64
	// Hash of the chunk; zero for a hole.
	Hash schema.Hash
	// Hole is set when the bytes are zeros that are not stored.
	Hole bool
}

// Chunks yields the extents of c in their order, with each hole as one, however long. An error ends the sequence, as its
// last pair.
func (s *Store) Chunks(ctx context.Context, c schema.Content) iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		var hole Extent
		for e, err := range s.viewContent(c).extents(ctx, 0) {
			switch {
			case err != nil:
				yield(Extent{}, err)
				return
			case e.Hole && hole.Size > 0:
				hole.Size += e.Size
			case e.Hole:
				hole = e
			case hole.Size > 0 && !yield(hole, nil) || !yield(e, nil):
				return
			default:
				hole.Size = 0
			}
		}
		if hole.Size > 0 {
			yield(hole, nil)
		}
	}
}

// NextData returns the offset of the first byte at or behind off that is not in a hole. It returns io.EOF when there is
// none, and when off is at the end or behind it; ErrInvalid for a negative off.
func (s *Store) NextData(ctx context.Context, c schema.Content, off int64) (int64, error) {
	return s.next(ctx, c, off, false)
}

// NextHole returns the offset of the first byte at or behind off that is in a hole; the end of a content counts as one. It
// returns io.EOF when off is at the end or behind it; ErrInvalid for a negative off.
func (s *Store) NextHole(ctx context.Context, c schema.Content, off int64) (int64, error) {
	at, err := s.next(ctx, c, off, true)
	if err == io.EOF && off < c.Size {
		return c.Size, nil
	}
	return at, err
}

func (s *Store) next(ctx context.Context, c schema.Content, off int64, hole bool) (int64, error) {
	if off < 0 {
		return 0, fmt.Errorf("%w: negative offset %d", ErrInvalid, off)
	}
	for e, err := range s.viewContent(c).extents(ctx, off) {
		if err != nil {
			return 0, err
		}
		if e.Hole == hole {
			return max(off, e.Offset), nil
		}
	}
	return 0, io.EOF
}

// extents yields the extents of v, a view of a content, from the one with the byte at off on. A hole can be several, but is
// few even when it is large.
func (v *view) extents(ctx context.Context, off int64) iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		for off < v.end {
			n, err := v.hole(ctx, off)
			if err != nil {
				yield(Extent{}, err)
				return
			}
			if n > 0 {
				if !yield(Extent{Offset: off, Size: n, Hole: true}, nil) {
					return
				}
				off += n
				continue
			}
			start := off / chunker.Window * chunker.Window
			w, err := v.window(ctx, start)
			if err != nil {
				yield(Extent{}, err)
				return
			}
			for _, e := range w.extents {
				x := Extent{Offset: start + int64(e.off), Size: int64(e.size), Hash: e.hash, Hole: e.hole()}
				if x.Offset+x.Size > off && !yield(x, nil) {
					return
				}
			}
			off = start + int64(w.end())
		}
	}
}

// hole returns how many bytes from off on, up to the end of the subtree that off is in, are known from the nodes to be
// holes; 0 when a window has to be asked.
func (v *view) hole(ctx context.Context, off int64) (int64, error) {
	for level := v.level - 1; level >= 0; level-- {
		start := off / span(level) * span(level)
		c, err := v.child(ctx, level, start)
		if err != nil {
			return 0, err
		}
		if c.hash.IsZero() {
			return start + c.size - off, nil
		}
	}
	return 0, nil
}
