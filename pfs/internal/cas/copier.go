package cas

import (
	"context"
	"io"
	"os"
	"sync"

	"pfsd/chunker"
	"pfsd/pfs/internal/pack"
)

// FileSender is a writer that can have pieces of files sent to it by the kernel, which spares a copy of the bytes.
type FileSender interface {
	io.Writer
	// SendFile writes n bytes of file from off on, as Write does, and returns how many it has written. The file is shared and
	// open only until SendFile returns: it is to be used with offsets, and not to be kept.
	SendFile(file *os.File, off, n int64) (int64, error)
}

// minSent is the size of the smallest piece that is sent, in bytes: below that a copy costs less than what sending takes.
const minSent = 16 << 10

// buffers has memory for streaming: *[chunker.Max]byte.
var buffers = sync.Pool{New: func() any { return new([chunker.Max]byte) }}

// copier copies bytes of a view to a writer.
type copier struct {
	v *view
	w io.Writer
	// sender is w where that is one, else nil.
	sender FileSender
	// buf is taken when something has to be copied, and given back by free.
	buf *[chunker.Max]byte
}

func (c *copier) free() {
	if c.buf != nil {
		buffers.Put(c.buf)
	}
}

// copy writes bytes from a file offset on, at most n and at most to the end of their chunk, and returns how many.
func (c *copier) copy(ctx context.Context, at, n int64) (int64, error) {
	e, start, err := c.v.extent(ctx, at)
	if err != nil {
		return 0, err
	}
	n = min(n, start+int64(e.size)-at)
	if c.sender != nil && !e.hole() && n >= minSent {
		if m, sent, err := c.send(ctx, e, at-start, n); sent || err != nil {
			return m, err
		}
	}
	if c.buf == nil {
		c.buf = buffers.Get().(*[chunker.Max]byte)
	}
	p := c.buf[:min(n, chunker.Max)]
	if _, err := c.v.readAt(ctx, p, at); err != nil {
		return 0, err
	}
	m, err := c.w.Write(p)
	return int64(m), err
}

// send has n bytes of a chunk, from an offset in it on, sent. It reports whether that was possible: the chunk is in a pack,
// and packs are files.
func (c *copier) send(ctx context.Context, e extent, off, n int64) (m int64, sent bool, err error) {
	var piece pack.Section
	err = c.v.s.atChunk(ctx, e.hash, int64(e.size), nil, off, func(loc pack.Location) (err error) {
		piece, sent, err = c.v.s.packs.Section(loc, off, int(n))
		return err
	})
	if err != nil || !sent {
		return 0, false, err
	}
	defer piece.Release()
	m, err = c.sender.SendFile(piece.File, piece.Offset, n)
	return m, true, err
}
