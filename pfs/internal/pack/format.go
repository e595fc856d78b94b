package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"

	"pfsd/pfs/internal/schema"
)

// Sizes of the format; see the package comment.
const (
	// BlockSize is how many bytes of data one checksum covers.
	BlockSize = 16 << 10
	// MaxRecord is the most data of one record, in bytes.
	MaxRecord = 1 << 20
	// HeaderSize is how many bytes of a pack come before its first record.
	HeaderSize = packHeader

	version       = 1
	packMagic     = "pfsdPACK"
	packHeader    = 32
	recordMagic   = "pfsR"
	recordFixed   = 40 // bytes of a record before its block checksums
	minRecordHead = recordFixed + 4 + 4
	maxRecordHead = recordFixed + 4*(MaxRecord/BlockSize) + 4
)

const (
	nameDigits = 16
	nameSuffix = ".pack"
)

// Location is where the data of one record lies. It is a plain value that indexes store.
type Location struct {
	// Pack is the id of the pack.
	Pack uint64
	// Offset of the data's first byte in the pack.
	Offset int64
	// Length of the data, in bytes.
	Length uint32
}

// String returns pack, offset and length, for messages.
func (l Location) String() string {
	return fmt.Sprintf("%s@%d+%d", fileName(l.Pack), l.Offset, l.Length)
}

// RecordSize is how many bytes of the file the record takes, its head included.
func (l Location) RecordSize() int64 { return int64(headSize(l.Length)) + int64(l.Length) }

// head is the offset at which the record of l begins.
func (l Location) head() int64 { return l.Offset - int64(headSize(l.Length)) }

// end is the offset behind the record of l.
func (l Location) end() int64 { return l.Offset + int64(l.Length) }

// valid reports whether a record can be there at all.
func (l Location) valid() bool {
	return l.Length > 0 && l.Length <= MaxRecord && l.Offset >= packHeader+int64(headSize(l.Length)) &&
		l.Offset <= 1<<62
}

// header is the decoded head of a record.
type header struct {
	hash   schema.Hash
	length uint32
	sums   []byte // 4 bytes a block; aliases what was decoded
}

// sum returns the checksum of block i.
func (h header) sum(i int) uint32 { return binary.BigEndian.Uint32(h.sums[4*i:]) }

func fileName(id uint64) string { return fmt.Sprintf("%016x%s", id, nameSuffix) }

// parseName returns the id in the name of a pack, or false when name is not that of a pack.
func parseName(name string) (uint64, bool) {
	if len(name) != nameDigits+len(nameSuffix) {
		return 0, false
	}
	id, err := strconv.ParseUint(name[:nameDigits], 16, 64)
	if err != nil || fileName(id) != name {
		return 0, false
	}
	return id, true
}

func blocks(length uint32) int { return (int(length) + BlockSize - 1) / BlockSize }

func headSize(length uint32) int { return recordFixed + 4*blocks(length) + 4 }

func checksum(p []byte) uint32 { return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) }

// encodePackHeader returns the first bytes of pack id.
func encodePackHeader(id uint64) []byte {
	p := make([]byte, 0, packHeader)
	p = append(p, packMagic...)
	p = binary.BigEndian.AppendUint32(p, version)
	p = binary.BigEndian.AppendUint32(p, BlockSize)
	p = binary.BigEndian.AppendUint64(p, id)
	p = binary.BigEndian.AppendUint32(p, 0)
	return binary.BigEndian.AppendUint32(p, checksum(p))
}

// checkPackHeader returns a *CorruptError unless p is the header of pack id in the version that this package reads.
func checkPackHeader(id uint64, p []byte) error {
	want := encodePackHeader(id)
	switch {
	case bytes.Equal(p, want):
		return nil
	case len(p) != packHeader || !bytes.HasPrefix(p, []byte(packMagic)):
		return &CorruptError{Pack: id, What: "not the header of a pack"}
	case checksum(p[:packHeader-4]) != binary.BigEndian.Uint32(p[packHeader-4:]):
		return &CorruptError{Pack: id, What: "checksum of the pack's header is wrong"}
	case binary.BigEndian.Uint32(p[8:]) != version:
		return &CorruptError{Pack: id, What: "header",
			Err: fmt.Errorf("version %d %w", binary.BigEndian.Uint32(p[8:]), errVersion)}
	}
	return &CorruptError{Pack: id, What: "header is that of another pack"}
}

// checkHeaderOf is checkPackHeader of a file; other errors are those of the file system.
func checkHeaderOf(f File, id uint64) error {
	p := make([]byte, packHeader)
	if err := readFull(f, id, p, 0); err != nil {
		return err
	}
	return checkPackHeader(id, p)
}

// checkVersion returns an error for a file whose header is whole and of a version that this package does not read. A damaged
// header is no reason not to read records, each of which can be told by itself.
func checkVersion(f File, id uint64) error {
	if err := checkHeaderOf(f, id); errors.Is(err, errVersion) {
		return err
	}
	return nil
}

// appendRecord appends to dst the record of data as it is stored at offset off of pack id.
func appendRecord(dst []byte, id uint64, off int64, hash schema.Hash, data []byte) []byte {
	start := len(dst)
	dst = append(dst, recordMagic...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(data)))
	dst = append(dst, hash[:]...)
	for rest := data; len(rest) > 0; {
		n := min(len(rest), BlockSize)
		dst = binary.BigEndian.AppendUint32(dst, checksum(rest[:n]))
		rest = rest[n:]
	}
	dst = binary.BigEndian.AppendUint32(dst, headChecksum(id, off, dst[start:]))
	return append(dst, data...)
}

// decodeHead decodes the head of the record at offset off of pack id. p begins with it and may be longer. It returns
// false when p does not begin with a whole, valid head.
func decodeHead(id uint64, off int64, p []byte) (header, bool) {
	if len(p) < minRecordHead || string(p[:len(recordMagic)]) != recordMagic {
		return header{}, false
	}
	length := binary.BigEndian.Uint32(p[4:])
	if length == 0 || length > MaxRecord || len(p) < headSize(length) {
		return header{}, false
	}
	fixed := headSize(length) - 4
	if headChecksum(id, off, p[:fixed]) != binary.BigEndian.Uint32(p[fixed:]) {
		return header{}, false
	}
	return header{schema.Hash(p[8:recordFixed]), length, p[recordFixed:fixed]}, true
}

// headChecksum is the checksum over the place of a record and the bytes of its head.
func headChecksum(id uint64, off int64, head []byte) uint32 {
	var place [16]byte
	binary.BigEndian.PutUint64(place[:], id)
	binary.BigEndian.PutUint64(place[8:], uint64(off))
	return crc32.Update(checksum(place[:]), crc32.MakeTable(crc32.Castagnoli), head)
}
