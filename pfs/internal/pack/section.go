package pack

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// Section is a piece of a pack's file that the kernel can send or splice by itself.
type Section struct {
	// File is the pack. It is shared: use its descriptor with offsets only, and do not close it.
	File *os.File
	// Offset in File at which the piece begins.
	Offset int64
	// Release gives up the reference that keeps File open. It must be called once, when the descriptor is used no more.
	Release func()
}

// Section returns n bytes of the data at loc, beginning at its offset off, as a piece of a file, after checking each block
// that it touches as ReadAt does. ok is false, with no error, when the packs are not files of the operating
// system; use ReadAt then.
func (s *Store) Section(loc Location, off int64, n int) (sec Section, ok bool, err error) {
	if off < 0 || n < 0 || off+int64(n) > int64(loc.Length) {
		return Section{}, false, fmt.Errorf("pack: %v: %d bytes at %d: %w", loc, n, off, io.EOF)
	}
	pk, h, err := s.record(loc)
	if err != nil {
		return Section{}, false, err
	}
	file, ok := h.file.(*os.File)
	if ok {
		err = s.prove(pk, file, spanOf(loc, off, n))
	}
	if !ok || err != nil {
		s.handles.release(h)
		return Section{}, false, err
	}
	return Section{file, loc.Offset + off, func() { s.handles.release(h) }}, true, nil
}

// prove checks the blocks of span that were not yet.
func (s *Store) prove(pk *pack, f File, span span) error {
	if span = span.unchecked(pk.checked()); span.len() == 0 {
		return nil
	}
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	*buf = slices.Grow((*buf)[:0], span.len())[:span.len()]
	if err := readFull(f, span.loc.Pack, *buf, span.loc.Offset+span.start); err != nil {
		return err
	}
	return check(pk.checked(), f, span, *buf)
}
