package cas

import (
	"context"
	"io"
	"sort"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// view is how the chunk list of a content, or of a part at the offset it was stored for, is looked up. Its methods may be
// called concurrently.
type view struct {
	s        *Store
	base     int64 // file offset at which the first window begins
	off, end int64 // file offsets of the first byte and behind the last
	level    int   // of the top record; 0 for a window
	root     schema.Hash
	part     bool    // whether it is of a part
	dense    bool    // whether the nodes have chaining values
	only     *window // of a content that is one chunk, and has no record; else nil
}

func (s *Store) viewContent(c schema.Content) *view {
	v := &view{s: s, end: c.Size, level: levelOf(c.Size), root: c.Root, dense: !c.Sparse}
	if c.Kind == schema.RootChunk && c.Size <= chunker.Max {
		v.only = &window{}
		v.only.add(int32(c.Size), c.Root)
	}
	return v
}

func (s *Store) viewPart(p Part) *view {
	return &view{
		s: s, part: true, base: p.base(), off: p.Offset, end: p.end(),
		level: levelOf(p.end() - p.base()), root: p.Root,
	}
}

// child returns the subtree of the given level, below the top or the top itself, that begins at a file offset, which must
// be a multiple of the level's span from base on. Of the top only hash and size are set.
func (v *view) child(ctx context.Context, level int, offset int64) (child, error) {
	if v.root.IsZero() {
		return child{}, corrupt("content", v.root, "%d bytes without a root", v.end-v.off)
	}
	c := child{hash: v.root, size: v.end - v.base}
	at := v.base
	for l := v.level; l > level; l-- {
		if c.hash.IsZero() {
			size := min(span(level), v.end-offset)
			return child{size: size, holes: size}, nil
		}
		n, err := v.s.node(ctx, c.hash)
		if err != nil {
			return child{}, err
		}
		i := (offset - at) / span(l-1)
		if n.level != l || i >= int64(len(n.children)) || n.dense != v.dense || n.size() != c.size {
			return child{}, corrupt("node", c.hash, "it is of another size or kind")
		}
		c = n.children[i]
		at += i * span(l-1)
	}
	return c, nil
}

// window returns the record of the window that begins at a file offset, a multiple of chunker.Window.
func (v *view) window(ctx context.Context, offset int64) (*window, error) {
	if v.only != nil {
		return v.only, nil
	}
	c, err := v.child(ctx, 0, offset)
	if err != nil {
		return nil, err
	}
	if c.hash.IsZero() {
		w := &window{}
		w.add(int32(c.size), schema.Hash{})
		return w, nil
	}
	w, err := v.s.window(ctx, c.hash)
	if err != nil {
		return nil, err
	}
	if int64(w.lead) != max(0, v.off-offset) || int64(w.end()) != c.size {
		return nil, corrupt("window", c.hash, "%d bytes from %d on, not %d", w.size, w.lead, c.size)
	}
	return w, nil
}

// extent returns the extent with the byte at a file offset, and where in the file it begins.
func (v *view) extent(ctx context.Context, offset int64) (extent, int64, error) {
	start := offset / chunker.Window * chunker.Window
	w, err := v.window(ctx, start)
	if err != nil {
		return extent{}, 0, err
	}
	e, ok := w.at(int32(offset - start))
	if !ok {
		return extent{}, 0, corrupt("content", v.root, "its record has no byte %d", offset)
	}
	return e, start + int64(e.off), nil
}

// at returns the extent with the byte at an offset in the window, or false when w has no such byte.
func (w *window) at(in int32) (extent, bool) {
	i := sort.Search(len(w.extents), func(i int) bool { return w.extents[i].end() > in })
	if i == len(w.extents) || w.extents[i].off > in {
		return extent{}, false
	}
	return w.extents[i], true
}

// readAt fills p with the bytes from a file offset on. It returns io.EOF when there are not as many.
func (v *view) readAt(ctx context.Context, p []byte, offset int64) (n int, err error) {
	for n < len(p) && offset < v.end {
		e, start, err := v.extent(ctx, offset)
		if err != nil {
			return n, err
		}
		in := offset - start
		part := p[n:min(int64(len(p)), int64(n)+int64(e.size)-in)]
		if e.hole() {
			clear(part)
		} else if err := v.s.readChunk(ctx, e.hash, int64(e.size), part, in); err != nil {
			return n, err
		}
		n += len(part)
		offset += int64(len(part))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
