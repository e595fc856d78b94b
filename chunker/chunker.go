package chunker

import (
	"bytes"
	"io"
	"sync"
)

// Piece is a part of a file: a chunk of data or a hole.
type Piece struct {
	// Offset in the file, in bytes.
	Offset int64
	// Size in bytes: at most Max for data, at most Window for a hole.
	Size int64
	// Hole is set when the piece is zeros only, to be stored as no bytes at all; Data is nil then.
	Hole bool
	// Last is set when the file ends with the piece.
	Last bool
	// Data is the bytes of a chunk. It is the Chunker's own memory and is overwritten by the next call of Next.
	Data []byte
}

// End is the file offset of the first byte behind the piece.
func (p Piece) End() int64 { return p.Offset + p.Size }

const (
	// firstSize is what a Chunker reads ahead until there is more: most files are small, and who sends a large one may be slow.
	firstSize = 64 << 10
	// bufferSize is what a Chunker reads ahead at most.
	bufferSize = lookahead + HoleUnit
	// usual is how many bytes from the beginning of a piece on nearly always suffice to say where it ends, and lookahead how many
	// can have a say. What is left of the buffer is moved to its front when it is less than that, so most moves are of few bytes.
	usual, lookahead = 2*Avg + HoleUnit, Max + HoleUnit
	// maxEmptyReads is after how many reads in a row that give neither bytes nor an error a reader is given up.
	maxEmptyReads = 100
)

// firsts and buffers have memory for Chunkers: *[firstSize]byte and *[bufferSize]byte.
var (
	firsts  = sync.Pool{New: func() any { return new([firstSize]byte) }}
	buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}
)

// zeros is a unit of a hole; it is never written to.
var zeros [HoleUnit]byte

// Chunker cuts what a reader gives into pieces. It is for one goroutine at a time.
type Chunker struct {
	r      io.Reader
	sparse sparse            // r where that is one, else nil
	buf    []byte            // nil once closed
	first  *[firstSize]byte  // nil unless it is buf
	large  *[bufferSize]byte // nil unless it is buf
	lo, hi int               // buf[lo:hi] are the bytes read and not yet returned
	offset int64             // the file offset of buf[lo]
	err    error             // what r answered in the end; io.EOF at the file's end
}

// sparse is a reader that knows of zeros before they are read.
type sparse interface {
	// Zeros returns how many of the bytes that come next are known to be zeros, and Skip skips that many of them, or fewer.
	Zeros() int64
	Skip(n int64)
}

// New returns a Chunker for the bytes of r, the first of which has the given file offset, not negative, and the last of
// which is the file's last. The caller must call Close.
//
// An r with the methods Zeros() int64 and Skip(n int64) is not read where it has holes. Zeros returns how many of the bytes that
// come next are known to be zeros, and Skip skips so many, or fewer. The pieces are the same in either case.
func New(r io.Reader, offset int64) *Chunker {
	first := firsts.Get().(*[firstSize]byte)
	c := &Chunker{r: r, offset: offset, buf: first[:], first: first}
	c.sparse, _ = r.(sparse)
	return c
}

// Close gives the Chunker's memory back, with the Data of the last Piece. Next returns io.ErrClosedPipe then. It does not
// close the reader and may be called more than once.
func (c *Chunker) Close() {
	if c.buf != nil {
		c.free()
		c.buf, c.lo, c.hi, c.err = nil, 0, 0, io.ErrClosedPipe
	}
}

// free gives the memory of buf back.
func (c *Chunker) free() {
	if c.first != nil {
		firsts.Put(c.first)
	}
	if c.large != nil {
		buffers.Put(c.large)
	}
	c.first, c.large = nil, nil
}

// grow makes buf as large as it can be.
func (c *Chunker) grow() {
	large := buffers.Get().(*[bufferSize]byte)
	c.hi = copy(large[:], c.buf[c.lo:c.hi])
	c.free()
	c.lo, c.buf, c.large = 0, large[:], large
}

// Next returns the next piece. It returns io.EOF behind the last one, and an error of the reader, unchanged, as soon as the
// bytes read until then do not suffice to say where the next piece ends; so no piece is ever cut off by an error. A reader
// that gives neither bytes nor an error many times in a row fails with io.ErrNoProgress.
func (c *Chunker) Next() (Piece, error) {
	if n := c.skipKnown(Window - c.offset%Window); n > 0 {
		return c.hole(n)
	}
	if err := c.fill(usual); err != nil {
		return Piece{}, err
	}
	if c.hi == c.lo {
		return Piece{}, io.EOF
	}
	if c.atHole() {
		return c.hole(0)
	}
	n, certain := c.chunk()
	if !certain {
		if err := c.fill(lookahead); err != nil {
			return Piece{}, err
		}
		n, _ = c.chunk()
	}
	piece := Piece{Offset: c.offset, Size: int64(n), Data: c.buf[c.lo : c.lo+n : c.lo+n]}
	c.skip(n)
	// No chunk takes all of what was looked ahead at, but at the end.
	piece.Last = c.atEnd()
	return piece, nil
}

// chunk returns the length of the chunk that the bytes at hand begin with, and whether it is certain: with fewer than lookahead
// bytes those behind may have a say.
func (c *Chunker) chunk() (n int, certain bool) {
	p := c.buf[c.lo:c.hi]
	p = p[:min(int64(len(p)), Window-c.offset%Window)]
	n = untilHole(p, c.offset, cut(p))
	return n, c.err == io.EOF || n+HoleUnit <= c.hi-c.lo
}

// hole consumes the units of zeros that come next, up to the window's end. The size bytes before them are of the same hole.
func (c *Chunker) hole(size int64) (Piece, error) {
	begin := c.offset - size
	for c.offset == begin || c.offset%Window != 0 {
		if c.skipKnown(Window-c.offset%Window) > 0 {
			continue
		}
		if err := c.fill(HoleUnit); err != nil {
			return Piece{}, err
		}
		if !c.atHole() {
			break
		}
		c.skip(HoleUnit)
	}
	if c.Zeros() == 0 {
		if err := c.fill(1); err != nil {
			return Piece{}, err
		}
	}
	return Piece{Offset: begin, Size: c.offset - begin, Hole: true, Last: c.atEnd() && c.Zeros() == 0}, nil
}

// SkipWindows skips whole windows of zeros that the reader knows of, and returns how many bytes these have; 0 unless a window
// begins here. They are no pieces then.
func (c *Chunker) SkipWindows() int64 {
	if c.offset%Window != 0 {
		return 0
	}
	return c.skipKnown((int64(c.hi-c.lo) + c.Zeros()) / Window * Window)
}

// Zeros returns how many bytes behind those at hand are known to be zeros.
func (c *Chunker) Zeros() int64 {
	if c.sparse == nil || c.err != nil {
		return 0
	}
	return c.sparse.Zeros()
}

// skipKnown skips the units of zeros that come next, as far as the reader knows of them, and at most most bytes, a multiple of
// HoleUnit. Less than a unit of them may be at hand already. It returns how many bytes it has skipped.
func (c *Chunker) skipKnown(most int64) int64 {
	known, rest := c.Zeros(), int64(c.hi-c.lo)
	if known == 0 || c.offset%HoleUnit != 0 || rest >= HoleUnit || !bytes.Equal(c.buf[c.lo:c.hi], zeros[:rest]) {
		return 0
	}
	n := min(most, (rest+known)/HoleUnit*HoleUnit)
	if n > 0 {
		c.sparse.Skip(n - rest)
		c.lo, c.hi = 0, 0
		c.offset += n
	}
	return n
}

// atEnd reports whether all bytes of the file have been returned, and that is known.
func (c *Chunker) atEnd() bool { return c.lo == c.hi && c.err == io.EOF }

// atHole reports whether the next bytes are a unit of a hole.
func (c *Chunker) atHole() bool {
	return c.offset%HoleUnit == 0 && c.hi-c.lo >= HoleUnit && isZero(c.buf[c.lo:c.lo+HoleUnit])
}

// untilHole returns the offset in p, the bytes at the given file offset, of the first unit of a hole behind p's beginning,
// or n when there is none before it.
func untilHole(p []byte, offset int64, n int) int {
	for i := int(HoleUnit - offset%HoleUnit); i < n && i+HoleUnit <= len(p); i += HoleUnit {
		if isZero(p[i : i+HoleUnit]) {
			return i
		}
	}
	return n
}

// isZero reports whether the unit p is all zeros.
func isZero(p []byte) bool { return p[0] == 0 && bytes.Equal(p, zeros[:]) }

// skip drops n bytes from the front of the buffer.
func (c *Chunker) skip(n int) {
	c.lo += n
	c.offset += int64(n)
}

// fill reads until n bytes or all that are left are in the buffer. It returns the error for which neither can be had.
func (c *Chunker) fill(n int) error {
	if c.hi-c.lo >= n {
		return nil
	}
	if c.lo > 0 && c.err == nil {
		c.hi = copy(c.buf, c.buf[c.lo:c.hi])
		c.lo = 0
	}
	for empty := 0; c.err == nil; {
		if c.hi == len(c.buf) {
			if c.hi >= n {
				break
			}
			c.grow()
		}
		m, err := c.r.Read(c.buf[c.hi:])
		c.hi += m
		c.err = err
		switch {
		case m > 0:
			empty = 0
		case err == nil:
			if empty++; empty == maxEmptyReads {
				c.err = io.ErrNoProgress
			}
		}
	}
	if c.err == io.EOF || c.hi-c.lo >= n {
		return nil
	}
	return c.err
}
