package pack

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"pfsd/pfs/internal/schema"
)

// ReadAt fills p with the data of the record at loc, beginning at offset off of the data. Each block that it touches is
// checked, once in the life of the Store. It returns ErrCorrupt when a block or the record's head is not what
// was written, or loc is no place for a record: then p's content is undefined. Further errors are ErrNotFound, ErrClosed, io.EOF
// for a range that is not within the data, and those of the file system.
func (s *Store) ReadAt(loc Location, p []byte, off int64) error {
	if off < 0 || off+int64(len(p)) > int64(loc.Length) {
		return fmt.Errorf("pack: %v: %d bytes at %d: %w", loc, len(p), off, io.EOF)
	}
	pk, h, err := s.record(loc)
	if err != nil {
		return err
	}
	defer s.handles.release(h)
	return s.read(pk, h.file, loc, p, off)
}

// Covers returns nil when the pack of loc is there, and so long that a record can be at loc. It reads nothing. Errors are as
// from ReadAt.
func (s *Store) Covers(loc Location) error {
	p, err := s.pack(loc.Pack)
	if err != nil {
		return err
	}
	return p.readable(loc)
}

// record returns the pack of loc and its open file, which the caller releases.
func (s *Store) record(loc Location) (*pack, *handle, error) {
	p, err := s.pack(loc.Pack)
	if err != nil {
		return nil, nil, err
	}
	if err := p.readable(loc); err != nil {
		return nil, nil, err
	}
	h, err := s.handles.acquire(loc.Pack)
	return p, h, err
}

// read fills p, by way of a buffer when a block that is not checked yet is not wanted as a whole.
func (s *Store) read(pk *pack, f File, loc Location, p []byte, off int64) error {
	span := spanOf(loc, off, len(p))
	if len(p) == 0 || span.checked(pk.checked()) {
		return readFull(f, loc.Pack, p, loc.Offset+off)
	}
	data := p
	if span.len() != len(p) {
		buf := s.buffers.Get().(*[]byte)
		defer s.buffers.Put(buf)
		*buf = slices.Grow((*buf)[:0], span.len())[:span.len()]
		data = *buf
	}
	if span.start > 0 {
		// The head is not beside the blocks. Both come from the disk at once, if they do.
		willNeed(f, loc.head(), int64(headSize(loc.Length)))
	}
	if err := readFull(f, loc.Pack, data, loc.Offset+span.start); err != nil {
		return err
	}
	if err := check(pk.checked(), f, span, data); err != nil {
		return err
	}
	copy(p, data[off-span.start:])
	return nil
}

// span is a run of whole blocks of one record.
type span struct {
	loc        Location
	start, end int64 // offsets in the data; start is a multiple of BlockSize
}

// spanOf returns the blocks that n bytes at offset off of the data touch.
func spanOf(loc Location, off int64, n int) span {
	end := (off + int64(n) + BlockSize - 1) / BlockSize * BlockSize
	return span{loc, off / BlockSize * BlockSize, min(end, int64(loc.Length))}
}

func (s span) len() int { return int(s.end - s.start) }

// checked reports whether all blocks are known to be right.
func (s span) checked(known bitmap) bool { return s.unchecked(known).len() == 0 }

// unchecked returns s without the blocks at its ends that are known to be right.
func (s span) unchecked(known bitmap) span {
	for s.start < s.end && known.has(s.loc, s.start) {
		s.start = min(s.start+BlockSize, s.end)
	}
	for s.start < s.end {
		last := (s.end - 1) / BlockSize * BlockSize
		if !known.has(s.loc, last) {
			break
		}
		s.end = last
	}
	return s
}

// check compares data, which was read from span, with the checksums in the head of its record, except for blocks that are
// known to be right. It adds to these.
func check(known bitmap, f File, span span, data []byte) error {
	head, err := readHead(f, span.loc)
	if err != nil {
		return err
	}
	for at := span.start; at < span.end; at += BlockSize {
		block := data[at-span.start : min(at-span.start+BlockSize, int64(len(data)))]
		if known.has(span.loc, at) {
			continue
		}
		if checksum(block) != head.sum(int(at/BlockSize)) {
			return &CorruptError{Pack: span.loc.Pack, Offset: span.loc.Offset + at, What: "checksum of a block is wrong"}
		}
		known.set(span.loc, at)
	}
	return nil
}

// readHead reads and checks the head of the record of loc.
func readHead(f File, loc Location) (header, error) {
	p := make([]byte, headSize(loc.Length))
	if err := readFull(f, loc.Pack, p, loc.head()); err != nil {
		return header{}, err
	}
	head, ok := decodeHead(loc.Pack, loc.head(), p)
	if !ok || head.length != loc.Length {
		return header{}, &CorruptError{Pack: loc.Pack, Offset: loc.head(), What: fmt.Sprintf("no head of a record of %d bytes", loc.Length)}
	}
	return head, nil
}

// readFull fills p from offset off. That the file ends before is damage: its size was known to be larger. So is what the disk
// cannot read.
func readFull(f File, id uint64, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case errors.Is(err, io.EOF):
		return &CorruptError{Pack: id, Offset: off + int64(n), What: "the file ends here, before its end"}
	case unreadable(err):
		return &CorruptError{Pack: id, Offset: off + int64(n), What: "cannot be read", Err: err}
	}
	return fmt.Errorf("pack %s: read at %d: %w", fileName(id), off, shortage(err))
}

// CheckVersion returns ErrCorrupt when a pack is of a version that this program does not know, which cannot be read; else the
// errors of ReadAt. A header that is damaged, or was never written before a power cut, is no error: records are told by themselves.
func (s *Store) CheckVersion(id uint64) error {
	if _, err := s.pack(id); err != nil {
		return err
	}
	h, err := s.handles.acquire(id)
	if err != nil {
		return err
	}
	s.handles.release(h) // the version was looked at when it was opened
	return nil
}

// Verify reads the whole record at loc from disk and checks all of its checksums, whether it was read before or not. It
// returns the hash that the record was written with, so that the caller can compare that with the data's and with the
// index's. Errors are those of ReadAt.
func (s *Store) Verify(loc Location) (schema.Hash, error) {
	if !loc.valid() {
		return schema.Hash{}, &CorruptError{Pack: loc.Pack, Offset: loc.Offset, What: fmt.Sprintf("no record of %d bytes can be here", loc.Length)}
	}
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	*buf = slices.Grow((*buf)[:0], int(loc.Length))[:loc.Length]
	return s.readFresh(loc, *buf)
}

// ReadFresh fills p, which is as long as the record at loc, with all of its data from disk, and checks all of its checksums,
// whether it was read before or not. Errors are those of ReadAt.
func (s *Store) ReadFresh(loc Location, p []byte) error {
	if len(p) != int(loc.Length) {
		return fmt.Errorf("pack: %v: %d bytes: %w", loc, len(p), io.EOF)
	}
	_, err := s.readFresh(loc, p)
	return err
}

func (s *Store) readFresh(loc Location, p []byte) (schema.Hash, error) {
	_, h, err := s.record(loc)
	if err != nil {
		return schema.Hash{}, err
	}
	defer s.handles.release(h)
	head, err := readHead(h.file, loc)
	if err != nil {
		return schema.Hash{}, err
	}
	if err := readFull(h.file, loc.Pack, p, loc.Offset); err != nil {
		return schema.Hash{}, err
	}
	return head.hash, check(bitmap{}, h.file, spanOf(loc, 0, len(p)), p)
}
