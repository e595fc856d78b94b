package cas

import (
	"context"
	"fmt"
	"io"

	"lukechampine.com/blake3/guts"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// segment is a range of a content to be composed, and where its bytes come from.
type segment struct {
	off, end int64 // in the content
	// view, of bytes that are stored at this very offset, has chunks that may do for the content too; nil for others.
	view *view
	// zeros is set for a range that is zeros and has no source.
	zeros bool
	// read fills p with the bytes from a file offset on, within the range; not used for zeros.
	read func(ctx context.Context, p []byte, off int64) error
}

// fits reports whether what view has for the range from off to end depends on nothing outside of the segment: neither on
// bytes up to horizon nor on where the file ends.
func (g *segment) fits(off, end, horizon, size int64) bool {
	return off >= g.off && end <= g.end && (horizon <= g.end || g.end == size && g.view.end == size)
}

// composer makes a content of segments: of what is stored it takes over as much as it can, whole subtrees first, then
// windows, chunks, and the chaining values of groups. The rest is read, cut and hashed. What comes out is what Ingest would
// have made of the same bytes.
type composer struct {
	w        *writer
	size     int64
	segments []segment // without gaps from 0 to size, none empty
	tree     tree
}

// compose returns the content of segments, which cover it in order and without gaps. dense says whether to begin with
// chaining values, in the hope of few holes.
func (w *writer) compose(size int64, segments []segment, dense bool) (schema.Content, error) {
	if size <= groupSize {
		return w.copy(size, segments)
	}
	var zeros int64
	for _, g := range segments {
		if g.zeros {
			zeros += g.end/chunker.HoleUnit*chunker.HoleUnit - g.off - chunker.HoleUnit
		}
	}
	dense = dense && zeros <= w.s.sparseLimit
	c := &composer{w: w, size: size, segments: segments, tree: tree{w: w, dense: dense}}
	if err := c.run(); err != nil {
		return schema.Content{}, err
	}
	return c.tree.content(size, guts.Node{}) // of more groups than one
}

// copy is compose for a content of one group, which is faster read than thought about.
func (w *writer) copy(size int64, segments []segment) (schema.Content, error) {
	c := &composer{w: w, size: size, segments: segments}
	in := ingest{w: w, tree: tree{w: w, dense: true}}
	if _, err := in.run(c.reader(0, size), 0); err != nil {
		return schema.Content{}, err
	}
	return in.tree.content(size, in.feed.last)
}

// run builds the tree.
func (c *composer) run() error {
	for off := int64(0); off < c.size; {
		if err := c.w.ctx.Err(); err != nil {
			return err
		}
		n, err := c.reuse(off)
		if err != nil {
			return err
		}
		if n == 0 {
			n = min(chunker.Window, c.size-off)
			w, err := c.window(off, off+n)
			if err != nil {
				return err
			}
			if err := c.tree.pushWindow(w); err != nil {
				return err
			}
		}
		off += n
	}
	return nil
}

// at returns the segment with the byte at a file offset.
func (c *composer) at(off int64) *segment {
	lo, hi := 0, len(c.segments)
	for lo+1 < hi {
		if mid := (lo + hi) / 2; c.segments[mid].off <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	return &c.segments[lo]
}

// reuse adds the largest subtree below the top that begins at off and is stored, or is all holes, and returns its size; 0
// when there is none.
func (c *composer) reuse(off int64) (int64, error) {
	g := c.at(off)
	for level := levelOf(c.size) - 1; level >= 0; level-- {
		if off%span(level) != 0 {
			continue
		}
		end := off + min(span(level), c.size-off)
		k, ok, err := c.subtree(g, level, off, end)
		if err != nil {
			return 0, err
		}
		if ok {
			return end - off, c.tree.pushSubtree(level, k, g.view != nil && g.view.dense)
		}
	}
	return 0, nil
}

// subtree returns what the segment g has for the range from off to end, which is a subtree of the given level; false when
// it has nothing that can be taken over.
func (c *composer) subtree(g *segment, level int, off, end int64) (child, bool, error) {
	v := g.view
	switch {
	case g.zeros && end <= g.end && end%chunker.HoleUnit == 0:
		return c.withCV(child{size: end - off, holes: end - off}, off)
	case g.zeros || v == nil || v.only != nil || level > v.level || !g.fits(off, end, end, c.size),
		end-off < span(level) && v.end != c.size, // the view's last subtree, but not the content's
		level > 0 && (level == v.level || v.part):
		return child{}, false, nil
	case level == v.level:
		// Of the top the view does not know how many holes it has.
		return c.loadWindow(v, v.root, off)
	}
	k, err := v.child(c.w.ctx, level, off)
	if err != nil {
		return child{}, false, err
	}
	if level == 0 && !k.hash.IsZero() && c.tree.dense && !v.dense {
		return c.loadWindow(v, k.hash, off)
	}
	return c.withCV(k, off)
}

// withCV returns the subtree k at the file offset off with the chaining value that the tree wants to have of it, or false
// when it would have to be computed from what is below.
func (c *composer) withCV(k child, off int64) (child, bool, error) {
	if c.tree.dense && k.cv == (cv{}) {
		if !k.hash.IsZero() {
			return child{}, false, nil
		}
		k.cv = zeroCV(off, k.size)
	}
	return k, true, nil
}

// loadWindow returns as a subtree the window of v at off, the hash of whose record is h.
func (c *composer) loadWindow(v *view, h schema.Hash, off int64) (child, bool, error) {
	w, err := v.window(c.w.ctx, off)
	if err != nil {
		return child{}, false, err
	}
	k := child{hash: h, cv: mergeCV(w.groups), size: int64(w.size), holes: w.holes()}
	if k.holes == k.size {
		k.hash = schema.Hash{} // as it is among other windows, if not alone
	}
	return k, true, nil
}

// window returns the record of the window from off to end.
func (c *composer) window(off, end int64) (*window, error) {
	b := &windowBuilder{c: c, off: off, end: end, w: &window{}}
	if err := b.extents(); err != nil {
		return nil, err
	}
	if err := b.groups(); err != nil {
		return nil, err
	}
	return b.w, nil
}

// reader returns the bytes from off to end.
func (c *composer) reader(off, end int64) io.Reader { return &segmentReader{c: c, off: off, end: end} }

// segmentReader is an io.Reader of a range of a composer's content.
type segmentReader struct {
	c        *composer
	off, end int64
}

func (r *segmentReader) Read(p []byte) (int, error) {
	if r.off >= r.end {
		return 0, io.EOF
	}
	g := r.c.at(r.off)
	p = p[:min(int64(len(p)), r.end-r.off, g.end-r.off)]
	if g.zeros {
		clear(p)
	} else if err := g.read(r.c.w.ctx, p, r.off); err != nil {
		return 0, err
	}
	r.off += int64(len(p))
	return len(p), nil
}

// readFrom returns the read function of a segment whose bytes are those of v, moved by delta: what is at off+delta there is
// at off in the content.
func readFrom(v *view, delta int64) func(context.Context, []byte, int64) error {
	return func(ctx context.Context, p []byte, off int64) error {
		if _, err := v.readAt(ctx, p, off+delta); err != nil {
			if err == io.EOF {
				err = fmt.Errorf("%w: bytes %d to %d are beyond the end", ErrCorrupt, off, off+int64(len(p)))
			}
			return err
		}
		return nil
	}
}
