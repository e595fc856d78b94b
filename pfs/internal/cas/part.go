package cas

import (
	"encoding/binary"
	"fmt"
	"math"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// Part is some bytes that are stored as a piece of a content to come. It is a value, and may be kept across restarts.
type Part struct {
	// Offset is where in the content it was thought to begin; its chunks were cut accordingly.
	Offset int64
	// Size in bytes.
	Size int64
	// Hash is the BLAKE3-256 of the bytes by themselves, wherever they go.
	Hash schema.Hash
	// Root is the hash of the record that its chunk list begins with; zero when it is empty.
	Root schema.Hash
}

// AppendBinary appends the bytes of p to b: tag 3, offset and size as uvarints, hash, and root unless empty. It never
// fails.
func (p Part) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, tagPart)
	b = binary.AppendUvarint(b, uint64(p.Offset))
	b = binary.AppendUvarint(b, uint64(p.Size))
	b = append(b, p.Hash[:]...)
	if p.Size > 0 {
		b = append(b, p.Root[:]...)
	}
	return b, nil
}

// DecodePart is the inverse of AppendBinary. It returns ErrCorrupt for bytes that are not those of a part.
func DecodePart(b []byte) (Part, error) {
	d := decoder{b: b}
	if d.byte() != tagPart {
		d.fail("not that of a part")
	}
	p := Part{Offset: d.size()}
	p.Size = int64(d.uint(uint64(math.MaxInt64 - p.Offset)))
	p.Hash = d.hash()
	if p.Size > 0 {
		p.Root = d.hash()
	}
	if d.err == nil && p.Root.IsZero() != (p.Size == 0) {
		d.fail("part without root")
	}
	if err := d.close(); err != nil {
		return Part{}, fmt.Errorf("%w: part: %w", ErrCorrupt, err)
	}
	return p, nil
}

// end is the offset behind the part's last byte, if it is where it was thought to be.
func (p Part) end() int64 { return p.Offset + p.Size }

// base is where the part's first window begins.
func (p Part) base() int64 { return p.Offset / chunker.Window * chunker.Window }
