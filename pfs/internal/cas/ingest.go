package cas

import (
	"context"
	"fmt"
	"io"
	"math"

	"lukechampine.com/blake3"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// Ingest stores the bytes of r, up to its end, and returns them as a Content, with a Pin that the caller must Release. An r that
// knows of its zeros, as chunker.New has it, is not read there, and of more than 4 GiB of them nothing is hashed. Ingest needs little memory, whatever the size. What it returns may be linked after the next Pending; until then a crash loses
// it. Errors: that of r unchanged, ErrTooLarge, ctx's error, which is looked at between pieces, and those of the stores.
func (s *Store) Ingest(ctx context.Context, r io.Reader) (schema.Content, *Pin, error) {
	w := s.newWriter(ctx)
	in := ingest{w: w, tree: tree{w: w, dense: true}}
	size, err := in.run(r, 0)
	if err != nil {
		w.abort()
		return schema.Content{}, nil, err
	}
	c, err := in.tree.content(size, in.feed.last)
	if err != nil {
		w.abort()
		return schema.Content{}, nil, err
	}
	return c, w.done(c.Root), nil
}

// IngestPart stores the bytes of r, up to its end, as the part of a future content that begins at the given offset in it.
// If the part ends up at another one after all, then Join has to read it again; a caller that does not know says 0 (and
// may say anything negative). For the rest it is like Ingest.
func (s *Store) IngestPart(ctx context.Context, r io.Reader, offset int64) (Part, *Pin, error) {
	offset = max(0, offset)
	w := s.newWriter(ctx)
	in := ingest{w: w, tree: tree{w: w}, plain: blake3.New(32, nil)}
	size, err := in.run(r, offset)
	if err != nil {
		w.abort()
		return Part{}, nil, err
	}
	p := Part{Offset: offset, Size: size}
	in.plain.Sum(p.Hash[:0])
	if size > 0 {
		if p.Root, err = in.tree.part(); err != nil {
			w.abort()
			return Part{}, nil, err
		}
	}
	return p, w.done(p.Root), nil
}

// ingest is one run of Ingest or IngestPart.
type ingest struct {
	w      *writer
	tree   tree
	feed   feed
	window *window        // that is being filled; nil between two
	plain  *blake3.Hasher // of the bytes by themselves; nil when not wanted
}

// run stores the bytes of r, which begin at the given file offset, and returns how many they are.
func (in *ingest) run(r io.Reader, offset int64) (int64, error) {
	c := chunker.New(r, offset)
	defer c.Close()
	in.feed.offset = offset
	defer in.feed.release()
	for end := offset; ; {
		if err := in.w.ctx.Err(); err != nil {
			return 0, err
		}
		skipped, err := in.skipHoles(c, end)
		if err != nil {
			return 0, err
		}
		end += skipped
		piece, err := c.Next()
		switch {
		case err == io.EOF:
			return end - offset, in.endWindow()
		case err != nil:
			return 0, err
		case piece.Size > math.MaxInt64-piece.Offset:
			return 0, fmt.Errorf("%w: from offset %d on", ErrTooLarge, piece.Offset)
		}
		if err := in.add(piece); err != nil {
			return 0, err
		}
		end = piece.End()
	}
}

// skipHoles adds the windows that come next at the file offset off and of which c knows that they are holes, as long as nobody
// wants them hashed, and returns how many bytes they have. It takes no longer for many than for few.
func (in *ingest) skipHoles(c *chunker.Chunker, off int64) (int64, error) {
	if c.Zeros() > in.w.s.sparseLimit+2*chunker.HoleUnit {
		// Behind them there are too many holes for chaining values to be kept.
		in.tree.dense = false
	}
	if in.window != nil || in.plain != nil || in.tree.dense || in.tree.first() {
		return 0, nil
	}
	n := c.SkipWindows()
	if n > math.MaxInt64-off {
		return 0, fmt.Errorf("%w: from offset %d on", ErrTooLarge, off)
	}
	in.feed.skip(n)
	return n, in.tree.pushHoles(off, n)
}

// add stores one piece.
func (in *ingest) add(piece chunker.Piece) (err error) {
	if in.window == nil {
		in.window = &window{lead: int32(piece.Offset % chunker.Window)}
	}
	var h schema.Hash
	switch {
	case piece.Hole:
		in.hashHole(piece.Size)
	case piece.Last && piece.Offset == 0 && in.plain == nil:
		// Of a content of one chunk all that is wanted is the chunk's hash.
		h, err = in.w.chunk(piece.Data)
	default:
		h, err = in.w.data(in, piece.Data)
	}
	if err != nil {
		return err
	}
	in.window.add(int32(piece.Size), h)
	if piece.End()%chunker.Window == 0 {
		return in.endWindow()
	}
	return nil
}

// Write hashes p as the file's next bytes. It never fails.
func (in *ingest) Write(p []byte) (int, error) {
	if in.plain != nil {
		write(in.plain, p)
	}
	return in.feed.Write(p)
}

// hashHole hashes size bytes of zeros, but for windows full of them whose chaining values nobody keeps. The first window may
// turn out to be the only one, which is stored with them.
func (in *ingest) hashHole(size int64) {
	if size == chunker.Window && !in.tree.dense && !in.tree.first() {
		in.feed.skip(size)
	} else {
		in.feed.writeZeros(size)
	}
	if in.plain != nil {
		for n := size; n > 0; n -= chunker.HoleUnit {
			write(in.plain, zeros[:])
		}
	}
}

// write hashes p in pieces small enough for h not to start goroutines.
func write(h *blake3.Hasher, p []byte) {
	for len(p) > 0 {
		n := min(len(p), pieceSize)
		_, _ = h.Write(p[:n]) // never fails
		p = p[n:]
	}
}

func (in *ingest) endWindow() error {
	w := in.window
	if w == nil {
		return nil
	}
	in.window = nil
	w.groups = in.feed.take()
	return in.tree.pushWindow(w)
}
