package checksum

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"
)

// Part is the checksum of one part of a whole.
type Part struct {
	// Digest in the bytes that the algorithm gives.
	Digest []byte
	// Size of the part in bytes.
	Size int64
}

// Type says how the checksum of a whole was made of its parts.
type Type string

// The types, as S3 spells them.
const (
	Composite  Type = "COMPOSITE"
	FullObject Type = "FULL_OBJECT"
)

// Allows reports whether a whole that was uploaded in parts can have a checksum of this algorithm and type.
func (a Algorithm) Allows(t Type) bool {
	switch t {
	case Composite:
		return a != CRC64NVME
	case FullObject:
		return a.IsCRC()
	}
	return false
}

// DefaultType is the type that a multipart upload gets when none was asked for.
func (a Algorithm) DefaultType() Type {
	if a == CRC64NVME {
		return FullObject
	}
	return Composite
}

// Join returns the encoded checksum of the whole that the parts make, in order. The algorithm must allow the type.
func (a Algorithm) Join(t Type, parts []Part) string {
	if t == FullObject {
		return Encode(a.combine(parts))
	}
	h := a.New()
	for _, p := range parts {
		h.Write(p.Digest)
	}
	return Encode(h.Sum(nil)) + "-" + strconv.Itoa(len(parts))
}

// nvmePolynomial is the reflected polynomial of CRC-64/NVME.
const nvmePolynomial = 0x9a6c9329ac4bc9b5

// combine returns the CRC of the concatenation of the parts. Appending n zero bits to a message multiplies its CRC register
// by x^n modulo the polynomial, and the CRC of a concatenation is the sum of the first CRC so multiplied and the second.
func (a Algorithm) combine(parts []Part) []byte {
	f := field{bits: 32, polynomial: uint64(crc32.IEEE)}
	switch a {
	case CRC32C:
		f.polynomial = uint64(crc32.Castagnoli)
	case CRC64NVME:
		f = field{bits: 64, polynomial: nvmePolynomial}
	}
	var sum uint64
	for _, p := range parts {
		sum = f.multiply(f.power(uint64(p.Size)), sum) ^ decodeCRC(p.Digest)
	}
	var digest [8]byte
	binary.BigEndian.PutUint64(digest[:], sum)
	return digest[8-a.Size():]
}

func decodeCRC(digest []byte) uint64 {
	var sum uint64
	for _, b := range digest {
		sum = sum<<8 | uint64(b)
	}
	return sum
}

// field is the ring of polynomials over two elements modulo a CRC's polynomial. Its elements are bit-reflected, as the
// registers of these CRCs are: the highest bit is the coefficient of x^0.
type field struct {
	bits       int
	polynomial uint64
}

// multiply returns the product of a and b.
func (f field) multiply(a, b uint64) uint64 {
	var product uint64
	for top := uint64(1) << (f.bits - 1); a != 0; b = f.timesX(b) {
		if a&top != 0 {
			product ^= b
		}
		a = a << 1 & (top<<1 - 1)
	}
	return product
}

// timesX returns a times x.
func (f field) timesX(a uint64) uint64 {
	if a&1 != 0 {
		return a>>1 ^ f.polynomial
	}
	return a >> 1
}

// power returns x to the power of 8 times size: what size zero bytes multiply a register by.
func (f field) power(size uint64) uint64 {
	result := uint64(1) << (f.bits - 1)
	square := result
	for range 8 {
		square = f.timesX(square)
	}
	for ; size > 0; size >>= 1 {
		if size&1 != 0 {
			result = f.multiply(result, square)
		}
		square = f.multiply(square, square)
	}
	return result
}
