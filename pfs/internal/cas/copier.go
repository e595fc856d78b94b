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

// maxCopied is the size of the largest piece that is copied to a FileSender, in bytes. Who takes it may be slow, and that many can
// be at a time: all but small pieces are sent.
const maxCopied = 64 << 10

// copies has memory for copies to FileSenders: *[maxCopied]byte.
var copies = sync.Pool{New: func() any { return new([maxCopied]byte) }}

// buffers has memory for streaming: *[chunker.Max]byte.
var buffers = sync.Pool{New: func() any { return new([chunker.Max]byte) }}

// copier copies bytes of a view to a writer.
type copier struct {
	v *view
	w io.Writer
	// sender is w where that is one, else nil.
	sender FileSender
	// small or large is taken when something has to be copied, by whether there is a sender, and given back by free.
	small *[maxCopied]byte
	large *[chunker.Max]byte
}

// buffer returns memory to copy through.
func (c *copier) buffer() []byte {
	if c.sender != nil {
		if c.small == nil {
			c.small = copies.Get().(*[maxCopied]byte)
		}
		return c.small[:]
	}
	if c.large == nil {
		c.large = buffers.Get().(*[chunker.Max]byte)
	}
	return c.large[:]
}

func (c *copier) free() {
	if c.small != nil {
		copies.Put(c.small)
	}
	if c.large != nil {
		buffers.Put(c.large)
	}
}

// copy writes bytes from a file offset on, at most n and at most to the end of their chunk, and returns how many.
func (c *copier) copy(ctx context.Context, at, n int64) (int64, error) {
	e, start, err := c.v.extent(ctx, at)
	if err != nil {
		return 0, err
	}
	n = min(n, start+int64(e.size)-at)
	if e.hole() {
		m, err := c.w.Write(zeros[:min(n, int64(len(zeros)))])
		return int64(m), err
	}
	if c.sender != nil && n >= minSent {
		if m, sent, err := c.send(ctx, e, at-start, n); sent || err != nil {
			return m, err
		}
	}
	p := c.buffer()
	p = p[:min(n, int64(len(p)))]
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
