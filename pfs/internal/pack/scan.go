package pack

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"pfsd/pfs/internal/schema"
)

// scanWindow is how many bytes Scan looks at in one go when it searches for the next record.
const scanWindow = 256 << 10

// Scan calls fn for each record of a pack that has a whole head and lies within the file, in order, with the hash that it
// was written with. It reads only the heads: whether the data is right is for Verify to say. It stops at fn's first error
// and returns it unchanged.
//
// A torn end is silently left out. When bytes in the middle are no record, or cannot be read, Scan goes on with the next record
// behind them, and returns an ErrCorrupt at the end, which names the first such place. Further errors are ErrNotFound, ErrClosed, ctx's and
// those of the file system. Records that are appended while it runs are not seen.
func (s *Store) Scan(ctx context.Context, id uint64, fn func(schema.Hash, Location) error) error {
	p, err := s.pack(id)
	if err != nil {
		return err
	}
	h, err := s.handles.acquire(id)
	if err != nil {
		return err
	}
	defer s.handles.release(h)
	c := scanner{id: id, file: h.file, end: p.info().Size}
	c.damage = checkHeaderOf(h.file, id)
	if c.damage != nil && !errors.Is(c.damage, ErrCorrupt) {
		return c.damage
	}
	for off := int64(packHeader); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, rec, err := c.next(off)
		if errors.Is(err, io.EOF) {
			return c.damage
		}
		if err != nil {
			return err
		}
		if at != off && c.damage == nil {
			c.damage = &CorruptError{Pack: id, Offset: off, What: fmt.Sprintf("%d bytes are no record", at-off)}
		}
		loc := Location{id, at + int64(headSize(rec.length)), rec.length}
		if err := fn(rec.hash, loc); err != nil {
			return err
		}
		off = loc.end()
	}
}

// scanner finds records in one file.
type scanner struct {
	id   uint64
	file File
	end  int64 // of the file
	buf  []byte
	// damage is the first place that is wrong or cannot be read.
	damage error
}

// next returns the first record at or behind off and where it begins; io.EOF when there is none. Where it expects a record
// it reads no more than a head; where none is, it searches for the magic of the next in larger steps.
func (c *scanner) next(off int64) (int64, header, error) {
	for want := maxRecordHead; off < c.end; {
		p, err := c.window(off, want)
		if err != nil {
			return 0, header{}, err
		}
		head, ok := decodeHead(c.id, off, p)
		if ok && off+int64(headSize(head.length))+int64(head.length) <= c.end {
			return off, head, nil
		}
		if i := bytes.Index(p[1:], []byte(recordMagic)); i >= 0 {
			off, want = off+1+int64(i), maxRecordHead
			continue
		}
		if off+int64(len(p)) == c.end {
			break
		}
		off, want = off+int64(len(p)-len(recordMagic)+1), scanWindow
	}
	return 0, header{}, io.EOF
}

// sectorSize is how much of a disk is lost at once, at least.
const sectorSize = 4096

// window reads up to n bytes at off, fewer at the end of the file. For sectors that cannot be read it has zeros, in which no
// record begins.
func (c *scanner) window(off int64, n int) ([]byte, error) {
	n = int(min(int64(n), c.end-off))
	c.buf = slices.Grow(c.buf[:0], n)[:n]
	err := readFull(c.file, c.id, c.buf, off)
	if !unreadable(err) {
		return c.buf, err
	}
	for rest := c.buf; len(rest) > 0; {
		at := off + int64(n-len(rest))
		piece := rest[:min(int64(len(rest)), sectorSize-at%sectorSize)]
		err := readFull(c.file, c.id, piece, at)
		switch {
		case unreadable(err):
			c.damage = cmp.Or(c.damage, err)
			clear(piece)
		case err != nil:
			return nil, err
		}
		rest = rest[len(piece):]
	}
	return c.buf, nil
}
