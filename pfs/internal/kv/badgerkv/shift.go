package badgerkv

import (
	"hash/crc32"
	"math/bits"
)

// shift undoes what bytes of zeros do to a checksum: to go on by one zero is to multiply the CRC-32C, as a polynomial, by x to the
// power of 8. A shift has the inverse of that to the power of the number of bytes that it has gone over.
type shift struct {
	// factor is a polynomial, in the order of bits of the checksum: the highest bit stands for 1.
	factor uint32
	// before leads from the highest byte of what a zero has made of a checksum to the lowest byte that this had before.
	before [256]byte
}

func newShift() *shift {
	s := &shift{factor: 1 << 31}
	for i, t := range castagnoli {
		s.before[t>>24] = byte(i)
	}
	return s
}

// next goes over one byte.
func (s *shift) next() {
	low := s.before[s.factor>>24]
	s.factor = (s.factor^castagnoli[low])<<8 | uint32(low)
}

// back returns what a checksum was before as many zeros as the shift has gone over.
func (s *shift) back(sum uint32) uint32 {
	var product uint32
	for f := s.factor; f != 0; f <<= 1 {
		// The highest bit of what is left of the factor says whether this power of x is part of it.
		if bits.LeadingZeros32(f) == 0 {
			product ^= sum
		}
		sum = sum>>1 ^ crc32.Castagnoli*(sum&1)
	}
	return product
}
