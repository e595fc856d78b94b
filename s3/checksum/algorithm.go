// Package checksum computes, encodes, combines and compares the additional checksums of S3.
//
// A checksum travels as the base64 of its big-endian digest. Over an upload of several parts it is either composite, the
// digest of the parts' digests followed by "-" and their number, or that of the full object, which for the CRCs follows
// from the parts' digests and sizes. See https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html.
package checksum

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"strings"

	"github.com/minio/crc64nvme"
)

// Algorithm is one of the checksum algorithms. The zero Algorithm is none.
type Algorithm uint8

// The algorithms.
const (
	CRC32 Algorithm = 1 + iota
	CRC32C
	CRC64NVME
	SHA1
	SHA256
	algorithmEnd
)

// HeaderPrefix is what the name of a header or trailer that bears a checksum begins with.
const HeaderPrefix = "x-amz-checksum-"

// Algorithms returns every algorithm.
func Algorithms() []Algorithm {
	all := make([]Algorithm, 0, algorithmEnd-1)
	for a := CRC32; a < algorithmEnd; a++ {
		all = append(all, a)
	}
	return all
}

// Parse returns the algorithm of that name in any case, as in x-amz-checksum-algorithm, and whether there is one.
func Parse(name string) (Algorithm, bool) {
	for a := CRC32; a < algorithmEnd; a++ {
		if strings.EqualFold(name, a.String()) {
			return a, true
		}
	}
	return 0, false
}

// ParseHeader returns the algorithm whose checksum is in the header of that name in any case, and whether there is one.
func ParseHeader(name string) (Algorithm, bool) {
	if len(name) < len(HeaderPrefix) || !strings.EqualFold(name[:len(HeaderPrefix)], HeaderPrefix) {
		return 0, false
	}
	return Parse(name[len(HeaderPrefix):])
}

// String returns the name in upper case, as XML answers have it.
func (a Algorithm) String() string {
	names := [...]string{"NONE", "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"}
	if int(a) < len(names) {
		return names[a]
	}
	return "UNKNOWN"
}

// Key returns the name in lower case, under which a checksum is stored.
func (a Algorithm) Key() string { return strings.ToLower(a.String()) }

// Header returns the lower-case name of the header that bears a checksum of this algorithm.
func (a Algorithm) Header() string { return HeaderPrefix + a.Key() }

// New returns a hash that computes the checksum.
func (a Algorithm) New() hash.Hash {
	switch a {
	case CRC32:
		return crc32.NewIEEE()
	case CRC32C:
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case CRC64NVME:
		return crc64nvme.New()
	case SHA1:
		return sha1.New()
	default:
		return sha256.New()
	}
}

// Size is the number of bytes of a digest.
func (a Algorithm) Size() int {
	switch a {
	case CRC32, CRC32C:
		return 4
	case CRC64NVME:
		return 8
	case SHA1:
		return sha1.Size
	default:
		return sha256.Size
	}
}

// IsCRC reports whether the checksum of a whole follows from those of its parts.
func (a Algorithm) IsCRC() bool { return a == CRC32 || a == CRC32C || a == CRC64NVME }

// Encode returns the digest as it travels.
func Encode(digest []byte) string { return base64.StdEncoding.EncodeToString(digest) }

// Decode returns the digest that s stands for, and whether it is one of this algorithm.
func (a Algorithm) Decode(s string) ([]byte, bool) {
	digest, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(digest) != a.Size() || Encode(digest) != s {
		return nil, false
	}
	return digest, true
}
