// Package checksum computes, encodes, combines and compares the additional checksums of S3.
//
// A checksum travels as the base64 of its big-endian digest. Over an upload of several parts it is either composite, the
// digest of the parts' digests followed by "-" and their number, or that of the full object, which for the CRCs follows
// from the parts' digests and sizes. See https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html.
package checksum

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"
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
	SHA512
	MD5
	XXHASH64
	XXHASH3
	XXHASH128
	algorithmEnd
)

// rows says what is known of each algorithm; names are in upper case, as XML answers have them.
var rows = [algorithmEnd]struct {
	name string
	size int
	hash func() hash.Hash
}{
	CRC32:     {"CRC32", crc32.Size, func() hash.Hash { return crc32.NewIEEE() }},
	CRC32C:    {"CRC32C", crc32.Size, func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }},
	CRC64NVME: {"CRC64NVME", crc64nvme.Size, func() hash.Hash { return crc64nvme.New() }},
	SHA1:      {"SHA1", sha1.Size, sha1.New},
	SHA256:    {"SHA256", sha256.Size, sha256.New},
	SHA512:    {"SHA512", sha512.Size, sha512.New},
	MD5:       {"MD5", md5.Size, md5.New},
	XXHASH64:  {"XXHASH64", 8, func() hash.Hash { return xxhash.New() }},
	XXHASH3:   {"XXHASH3", 8, func() hash.Hash { return xxh3.New() }},
	XXHASH128: {"XXHASH128", 16, func() hash.Hash { return xxh3.New128() }},
}

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
	switch {
	case a == 0:
		return "NONE"
	case a >= algorithmEnd:
		return "UNKNOWN"
	}
	return rows[a].name
}

// Key returns the name in lower case, under which a checksum is stored.
func (a Algorithm) Key() string { return strings.ToLower(a.String()) }

// Header returns the lower-case name of the header that bears a checksum of this algorithm.
func (a Algorithm) Header() string { return HeaderPrefix + a.Key() }

// New returns a hash that computes the checksum. The algorithm must be one.
func (a Algorithm) New() hash.Hash { return rows[a].hash() }

// Size is the number of bytes of a digest; 0 for none.
func (a Algorithm) Size() int { return rows[a].size }

// Names returns the names of all algorithms, for messages.
func Names() string {
	var names []string
	for _, a := range Algorithms() {
		names = append(names, a.String())
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
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
