package cas

import (
	"io"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// windowBuilder makes the record of one window of a composer's content, of chunks that are stored and of new ones.
type windowBuilder struct {
	c        *composer
	off, end int64 // of the window in the content
	w        *window
	// hashed has the chaining values of those groups, by index, whose bytes were all read while new chunks were cut.
	hashed [chunker.Window / groupSize]cv
}

// extents fills the record's chunk list: it takes over stored chunks while it can, and cuts new ones until their ends fall
// on those of stored ones again.
func (b *windowBuilder) extents() error {
	for at := b.off; at < b.end; {
		e, ok, err := b.stored(at)
		if err != nil {
			return err
		}
		if !ok {
			if at, err = b.cut(at); err != nil {
				return err
			}
			continue
		}
		b.w.add(e.size, e.hash)
		at += int64(e.size)
	}
	return nil
}

// stored returns the chunk that is stored for a file offset at which a chunk or hole begins, or as much as is known to be
// of the hole there; false when it has to be read.
func (b *windowBuilder) stored(at int64) (e extent, ok bool, err error) {
	g := b.c.at(at)
	switch {
	case g.zeros:
		return hole(at, min(b.end, g.end))
	case g.view == nil:
		return e, false, nil
	}
	e, start, err := g.view.extent(b.c.w.ctx, at)
	if err != nil {
		return e, false, err
	}
	end := start + int64(e.size)
	if e.hole() {
		return hole(at, min(b.end, g.end, end))
	}
	return e, start == at && g.fits(at, end, chunker.Horizon(end), b.c.size), nil
}

// hole returns as a hole the whole units from at to end; false when there are none.
func hole(at, end int64) (extent, bool, error) {
	size := end/chunker.HoleUnit*chunker.HoleUnit - at
	if size <= 0 || at%chunker.HoleUnit != 0 {
		return extent{}, false, nil
	}
	return extent{size: int32(size)}, true, nil
}

// cut reads and stores chunks from at on until the next can be taken from what is stored, and returns where that is.
func (b *windowBuilder) cut(at int64) (int64, error) {
	ch := chunker.New(b.c.reader(at, b.end), at)
	defer ch.Close()
	f := feed{offset: at}
	defer func() { b.keep(&f, at) }()
	for {
		piece, err := ch.Next()
		if err == io.EOF {
			return b.end, nil
		}
		if err != nil {
			return 0, err
		}
		var h schema.Hash
		if piece.Hole {
			f.writeZeros(piece.Size)
		} else if h, err = b.c.w.data(&f, piece.Data); err != nil {
			return 0, err
		}
		b.w.add(int32(piece.Size), h)
		if piece.End() == b.end {
			return b.end, nil
		}
		if _, ok, err := b.stored(piece.End()); ok || err != nil {
			return piece.End(), err
		}
	}
}

// keep notes the chaining values of the groups that f has seen as a whole from the file offset at on.
func (b *windowBuilder) keep(f *feed, at int64) {
	if f.offset == b.end {
		f.end()
	}
	f.release()
	first := (at - b.off + groupSize - 1) / groupSize
	for i, g := range f.groups {
		b.hashed[int(first)+i] = g
	}
}

// groups fills in the record's chaining values: those just made, those that are stored, and the rest by reading.
func (b *windowBuilder) groups() error {
	for off := b.off; off < b.end; {
		end := off + min(groupSize, b.end-off)
		i := (off - b.off) / groupSize
		if b.hashed[i] == (cv{}) {
			g, err := b.group(off, end)
			if err != nil {
				return err
			}
			b.hashed[i] = g
		}
		b.w.groups = append(b.w.groups, b.hashed[i])
		off = end
	}
	return nil
}

// group returns the chaining value of the group from off to end.
func (b *windowBuilder) group(off, end int64) (cv, error) {
	g := b.c.at(off)
	if g.view != nil && g.view.only == nil && g.fits(off, end, end, b.c.size) &&
		(end-off == groupSize || g.view.end == b.c.size) {
		w, err := g.view.window(b.c.w.ctx, b.off)
		if err != nil {
			return cv{}, err
		}
		if i := int(off-b.off)/groupSize - w.firstGroup(); len(w.groups) > 0 {
			return w.groups[i], nil
		}
	}
	f := feed{offset: off}
	defer f.release()
	buf := buffers.Get().(*[chunker.Max]byte)
	defer buffers.Put(buf)
	for r := b.c.reader(off, end); ; {
		n, err := r.Read(buf[:])
		if err == io.EOF {
			return f.take()[0], nil
		}
		if err != nil {
			return cv{}, err
		}
		f.write(buf[:n])
	}
}
