package badgerkv

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/y"
	"github.com/klauspost/compress/snappy"
	"google.golang.org/protobuf/proto"
)

// A block of a table is entries, the offset of each of them from the beginning of the block (4 bytes, native order), their
// number (4 bytes, big-endian), a checksum of all that, and the length of the checksum (4 bytes, big-endian). An entry is how many
// bytes its key shares with the first key of the block and how many others it has (2 bytes each, native order), these other
// bytes, and the value. A key ends in the 8 bytes of its version.
const (
	wordSize   = 4
	headerSize = 4
	tsSize     = 8
)

// deletedBit is set in what Badger keeps beside a value when the version of the key is its deletion.
const deletedBit = 1

// version is one version of a row. Its bytes may be those of the block that it was read from.
type version struct {
	key, value []byte
	ts         uint64
	deleted    bool
}

// readBlock returns the rows of a whole block. The error is errDamaged. Other programs that use Badger may have compressed it.
func readBlock(b []byte) ([]version, error) {
	rows, err := readPlain(b)
	if err == nil {
		return rows, nil
	}
	if plain, failed := snappy.Decode(nil, b); failed == nil {
		return readPlain(plain)
	}
	if plain, failed := y.ZSTDDecompress(nil, b); failed == nil {
		return readPlain(plain)
	}
	return nil, err
}

// readPlain is readBlock of one that is not compressed.
func readPlain(b []byte) ([]version, error) {
	rest, sum, ok := cutSum(b)
	if !ok || !isSum(rest, sum) {
		return nil, fmt.Errorf("%w: a block has a wrong checksum", errDamaged)
	}
	return entriesOf(rest)
}

// cutSum takes a checksum and its length off the end of b.
func cutSum(b []byte) (rest, sum []byte, ok bool) {
	end := len(b) - wordSize
	if end < 0 {
		return nil, nil, false
	}
	n := int64(binary.BigEndian.Uint32(b[end:]))
	if n > int64(end) {
		return nil, nil, false
	}
	return b[:end-int(n)], b[end-int(n) : end], true
}

// isSum reports whether sum is an encoded checksum of b.
func isSum(b, sum []byte) bool {
	var want pb.Checksum
	if err := proto.Unmarshal(sum, &want); err != nil {
		return false
	}
	switch want.Algo {
	case pb.Checksum_CRC32C, pb.Checksum_XXHash64:
		return y.VerifyChecksum(b, &want) == nil
	}
	return false
}

// entriesOf returns the rows of a block without its checksum. The error is errDamaged.
func entriesOf(b []byte) ([]version, error) {
	n, start, ok := offsetsOf(b)
	if !ok {
		return nil, fmt.Errorf("%w: a block without entries", errDamaged)
	}
	rows := make([]version, 0, n)
	var first, last []byte
	for i := range n {
		from, to := offsetAt(b, start, i), start
		if i+1 < n {
			to = offsetAt(b, start, i+1)
		}
		if from >= to || to > start || i == 0 && from != 0 {
			return nil, fmt.Errorf("%w: a block with entries out of place", errDamaged)
		}
		key, value, ok := entryOf(b[from:to], first)
		if !ok || last != nil && y.CompareKeys(last, key) >= 0 {
			return nil, fmt.Errorf("%w: a block with a malformed entry", errDamaged)
		}
		if i == 0 {
			first = key
		}
		last = key
		rows = append(rows, version{
			key: y.ParseKey(key), value: value.Value, ts: y.ParseTs(key), deleted: value.Meta&deletedBit != 0,
		})
	}
	return rows, nil
}

// offsetsOf returns how many entries a block without its checksum has, and where their offsets begin.
func offsetsOf(b []byte) (n, start int, ok bool) {
	end := len(b) - wordSize
	if end < 0 {
		return 0, 0, false
	}
	count := int64(binary.BigEndian.Uint32(b[end:]))
	if count == 0 || count*wordSize > int64(end) {
		return 0, 0, false
	}
	return int(count), end - int(count)*wordSize, true
}

// offsetAt returns the offset of an entry, or one behind the entries when it cannot be right.
func offsetAt(b []byte, start, i int) int {
	return int(min(int64(binary.NativeEndian.Uint32(b[start+i*wordSize:])), int64(len(b))))
}

// entryOf takes an entry apart. first is the first key of the block, empty for the first entry.
func entryOf(b, first []byte) (key []byte, value y.ValueStruct, ok bool) {
	if len(b) < headerSize {
		return nil, value, false
	}
	shared, own := int(binary.NativeEndian.Uint16(b)), int(binary.NativeEndian.Uint16(b[2:]))
	if shared > len(first) || shared+own <= tsSize || headerSize+own > len(b) {
		return nil, value, false
	}
	key = bytes.Join([][]byte{first[:shared], b[headerSize : headerSize+own]}, nil)
	rest := b[headerSize+own:]
	// Two bytes of flags and the time at which it expires go before the value.
	if len(rest) < 3 {
		return nil, value, false
	}
	if _, n := binary.Uvarint(rest[2:]); n <= 0 {
		return nil, value, false
	}
	value.Decode(rest)
	return key, value, true
}
