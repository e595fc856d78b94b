package schema

import "github.com/cespare/xxhash/v2"

// The numbers of the two directories of a version that are in no other.
const (
	// RootNumber is the number of the root.
	RootNumber = 1
	// LinksNumber is the number of the link tree.
	LinksNumber = 2
)

// Salt returns what the numbers of a directory's entries are made with. It is a function of the directory's own number, so
// that a directory which gets another number gives others to all that is below it, at any depth.
func Salt(dir uint64) uint64 { return Mix(dir + golden) }

// NumberAt returns the number of e in a directory with a salt. No two entries of a version have the same: they differ by 64
// random bits. An entry without a birth has one that follows from its name.
func (e *Entry) NumberAt(salt uint64) uint64 {
	if e.Birth == 0 {
		return salt ^ xxhash.Sum64String(e.Name)
	}
	return salt ^ e.Birth
}

// BirthFor returns the birth with which an entry has a number in a directory with a salt.
func BirthFor(number, salt uint64) uint64 { return number ^ salt }

// golden is 2^64 divided by the golden ratio.
const golden = 0x9e3779b97f4a7c15

// Mix is the finaliser of MurmurHash3: it maps numbers one to one, to such that look independent.
func Mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
