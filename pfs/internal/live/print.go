package live

import "encoding/binary"

// Print stands for a content-addressed row: bits of its hash, mixed with its kind. It is never 0 and has 62 bits.
type Print uint64

const printMask = 1<<62 - 1

// PrintOf returns the Print of the row with the given key: a byte that tells its kind, and at least eight bytes of a hash.
func PrintOf(key []byte) Print { return Of(key[0], binary.BigEndian.Uint64(key[1:])) }

// Of returns the Print of a row of the given kind, the first eight bytes of whose hash are the given number.
func Of(kind byte, hash uint64) Print {
	p := (hash ^ uint64(kind)*0xd6e8feb86659fd93) & printMask
	if p == 0 {
		return printMask
	}
	return Print(p)
}
