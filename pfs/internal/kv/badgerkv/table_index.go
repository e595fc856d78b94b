package badgerkv

import (
	"encoding/binary"
	"runtime/debug"

	"github.com/dgraph-io/badger/v4/fb"
)

// tableIndex is what the index of a table says.
type tableIndex struct {
	blocks []span
	// firsts are the first keys of the blocks, as Badger has them.
	firsts [][]byte
	// rows is how many versions of rows the table has.
	rows int64
}

// readIndex returns the index of a table, or false when it is not what was written.
func readIndex(data []byte) (x tableIndex, ok bool) {
	at, sum, ok := indexOf(data)
	if !ok || !isSum(data[at.start:at.end], sum) {
		return x, false
	}
	return decodeIndex(data[at.start:at.end], len(data))
}

// indexOf returns where the index of a table is, and its checksum, as the lengths at the end of the table say: behind the index is
// its length, the checksum, and the length of that; lengths are big-endian, 4 bytes each.
func indexOf(data []byte) (at span, sum []byte, ok bool) {
	rest, sum, ok := cutSum(data)
	end := len(rest) - wordSize
	if !ok || end < 0 {
		return at, nil, false
	}
	n := int64(binary.BigEndian.Uint32(rest[end:]))
	if n > int64(end) || n == 0 {
		return at, nil, false
	}
	return span{end - int(n), end}, sum, true
}

// decodeIndex decodes the index of a table of so many bytes. One whose checksum is wrong may say anything, or have the decoder panic.
func decodeIndex(b []byte, size int) (x tableIndex, ok bool) {
	var err error
	defer recovered(&err, debug.SetPanicOnFault(true))
	index := fb.GetRootAsTableIndex(b, 0)
	x.rows = int64(index.KeyCount())
	var block fb.BlockOffset
	for i := range index.OffsetsLength() {
		if !index.Offsets(&block, i) {
			return x, false
		}
		s := span{int(block.Offset()), int(block.Offset()) + int(block.Len())}
		if s.end > size || i > 0 && s.start != x.blocks[i-1].end {
			return x, false
		}
		x.blocks, x.firsts = append(x.blocks, s), append(x.firsts, block.KeyBytes())
	}
	return x, len(x.blocks) > 0 && x.blocks[0].start == 0
}

// lastBlocks returns where the blocks of a table end whose index is damaged, and how many rows they have, 0 when that is not known,
// given where the last block ends that was found. What is right of the index tells; ok is false when too little is.
func lastBlocks(data []byte, found int) (end int, rows int64, ok bool) {
	if x, ok := decodeIndex(data[found:], len(data)); ok && x.blocks[len(x.blocks)-1].end == found {
		return found, x.rows, true
	}
	at, _, ok := indexOf(data)
	if !ok || at.start < found {
		return len(data), 0, false
	}
	if x, ok := decodeIndex(data[at.start:at.end], len(data)); ok {
		rows = x.rows
	}
	return at.start, rows, true
}
