package cas

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"lukechampine.com/blake3"

	"pfsd/chunker"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// maxInline is the size of the largest chunk that is kept in its row, in bytes. All larger ones are in packs, and all
// others are not: it is a function of size alone.
const maxInline = 32 << 10

// The first byte of a chunk's row: chunkInline is followed by the bytes, chunkPacked by the pack, offset and length of its
// pack.Location, as uvarints.
const (
	chunkInline = 0
	chunkPacked = 1
)

// encodeLocation returns the row of a chunk in a pack.
func encodeLocation(loc pack.Location) []byte {
	b := binary.AppendUvarint([]byte{chunkPacked}, loc.Pack)
	b = binary.AppendUvarint(b, uint64(loc.Offset))
	return binary.AppendUvarint(b, uint64(loc.Length))
}

// decodeChunk returns what the row of a chunk says: its bytes, which are not copied, or where they are.
func decodeChunk(value []byte) (inline []byte, loc pack.Location, err error) {
	d := decoder{b: value}
	switch kind := d.byte(); {
	case d.err == nil && kind == chunkInline:
		if len(d.b) == 0 || len(d.b) > maxInline {
			d.fail("%d bytes inline", len(d.b))
		}
		return d.b, loc, d.err
	case kind == chunkPacked:
		loc = pack.Location{Pack: d.uint(math.MaxUint64), Offset: d.size(), Length: uint32(d.uint(chunker.Max))}
		if d.err == nil && loc.Length <= maxInline {
			d.fail("%d bytes in a pack", loc.Length)
		}
		return nil, loc, d.close()
	}
	d.fail("unknown kind of chunk")
	return nil, loc, d.err
}

// chunkRow returns where the chunk h of the given size is: its bytes, copied to p from the given offset on, when it is
// inline, else its place in a pack.
func (s *Store) chunkRow(ctx context.Context, h schema.Hash, size int64, p []byte, off int64) (pack.Location, error) {
	var loc pack.Location
	err := s.view(ctx, schema.ChunkKey(h), func(value []byte) error {
		inline, l, err := decodeChunk(value)
		switch {
		case err != nil:
			return corrupt("chunk", h, "%v", err)
		case int64(len(inline))+int64(l.Length) != size:
			return corrupt("chunk", h, "%d bytes, not %d", int64(len(inline))+int64(l.Length), size)
		case inline == nil:
			loc = l
			return nil
		case len(p) == len(inline) && schema.Hash(blake3.Sum256(inline)) != h:
			return corrupt("chunk", h, "the row has other bytes")
		}
		copy(p, inline[off:])
		return nil
	})
	if errors.Is(err, kv.ErrNotFound) {
		err = corrupt("chunk", h, "there is no such row")
	}
	return loc, err
}

// readChunk fills p with bytes of the chunk h, of the given size, from the given offset on; the range must be within the
// chunk.
func (s *Store) readChunk(ctx context.Context, h schema.Hash, size int64, p []byte, off int64) error {
	return s.atChunk(ctx, h, size, p, off, func(loc pack.Location) error { return s.packs.ReadAt(loc, p, off) })
}

// atChunk is readChunk for a chunk that is inline, and has read use the place of one in a pack. When that fails read may be
// called again, with another place.
func (s *Store) atChunk(
	ctx context.Context, h schema.Hash, size int64, p []byte, off int64, read func(pack.Location) error,
) error {
	// Where a chunk was it is for as long as there is the pack, whose bytes never change. But its row has the last word.
	if known, ok := s.places.get(h); ok && int64(known.(pack.Location).Length) == size && read(known.(pack.Location)) == nil {
		return nil
	}
	loc, err := s.chunkRow(ctx, h, size, p, off)
	for err == nil && loc.Length > 0 {
		err = read(loc)
		if err == nil {
			s.places.set(h, loc, 0)
		}
		if !errors.Is(err, pack.ErrNotFound) {
			break
		}
		// Compaction may have moved the chunk since its row was read.
		was := loc
		if loc, _ = s.chunkRow(ctx, h, size, p, off); loc == was {
			break
		}
		err = nil
	}
	if err != nil {
		if loc.Length > 0 && ctx.Err() == nil {
			s.Unreadable(h)
		}
		return classify(h, fmt.Errorf("cas: read chunk %v: %w", h, err))
	}
	return nil
}

// findChunk sees to it that the chunk h, of the given size, has a row, and that its pack is there and long enough. It reads
// no pack.
func (s *Store) findChunk(ctx context.Context, h schema.Hash, size int64) error {
	loc, err := s.chunkRow(ctx, h, size, nil, 0)
	for err == nil && loc.Length > 0 {
		err = s.packs.Covers(loc)
		if !errors.Is(err, pack.ErrNotFound) {
			break
		}
		// As in readChunk.
		was := loc
		if loc, _ = s.chunkRow(ctx, h, size, nil, 0); loc == was {
			break
		}
		err = nil
	}
	if err != nil {
		return classify(h, fmt.Errorf("cas: find chunk %v: %w", h, err))
	}
	return nil
}

// maxUnreadable is how many unreadable chunks are remembered.
const maxUnreadable = 1 << 16

// Unreadable notes that the bytes of the chunk h cannot be read from its pack. Whoever stores them again stores them anew then,
// and with that mends all that has the chunk.
func (s *Store) Unreadable(h schema.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unreadable) < maxUnreadable {
		s.unreadable[h] = struct{}{}
	}
}

// useful reports whether the row of the chunk h, value, may be relied on by who stores the chunk: its bytes are in the row, or
// in a pack that is there and long enough, and nobody has failed to read them.
func (s *Store) useful(h schema.Hash, value []byte) bool {
	inline, loc, err := decodeChunk(value)
	if err != nil || inline != nil {
		return err == nil
	}
	s.mu.Lock()
	_, unreadable := s.unreadable[h]
	s.mu.Unlock()
	return !unreadable && s.packs.Covers(loc) == nil
}

// PlaceOf returns where in a pack the bytes of a chunk with the given row are; packed is false when they are in the row
// itself. The error is ErrCorrupt for what is no such row.
func PlaceOf(value []byte) (loc pack.Location, packed bool, err error) {
	inline, loc, err := decodeChunk(value)
	if err != nil {
		return loc, false, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return loc, inline == nil, nil
}

// RowOf returns the row of a chunk whose bytes are at a place in a pack.
func RowOf(h schema.Hash, loc pack.Location) kv.Row {
	return kv.Row{Key: schema.ChunkKey(h), Value: encodeLocation(loc)}
}

// Moving returns which of some packs have chunks whose rows are not saved yet: those are not to be removed.
func (s *Store) Moving(ids map[uint64]bool) map[uint64]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	moving := map[uint64]bool{}
	for _, r := range s.unsaved {
		if r.key[0] != schema.ChunkRows()[0] {
			continue
		}
		if loc, packed, err := PlaceOf(r.value); err == nil && packed && ids[loc.Pack] {
			moving[loc.Pack] = true
		}
	}
	return moving
}
