package chunker

// The conditions are on high bits of the hash, which depend on the most bytes; the highest is left out, so that a
// condition can be looked at in a hash that was shifted once too far.
const (
	hardMask = (1<<17 - 1) << (63 - 17) // met by one byte in 128 Ki: up to Avg
	easyMask = (1<<15 - 1) << (63 - 15) // met by one byte in 32 Ki: from Avg on
)

// gear has the random number that stands for each byte value, and twice has them doubled. Neither is ever changed.
var gear, twice = newGear()

// newGear fills the tables with the output of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), seeded with zero.
func newGear() (gear, twice [256]uint64) {
	var state uint64
	for i := range gear {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		gear[i] = z ^ z>>31
		twice[i] = gear[i] << 1
	}
	return gear, twice
}

// cut returns the length of the chunk that p begins with: at most Max, and all of p if it has no cut.
func cut(p []byte) int {
	p = p[:min(len(p), Max)]
	if len(p) <= Min {
		return len(p)
	}
	n, hash, met := scan(p[:min(len(p), Avg)], Min, 0, hardMask)
	if !met && len(p) > Avg {
		n, _, _ = scan(p, Avg, hash, easyMask)
	}
	return n
}

// scan rolls hash over p from the byte at i on and returns the offset behind the first byte at which the hash meets mask,
// or the length of p when there is none. It takes two bytes a round, which makes the same hashes as one by one but has the
// processor wait less for each before it starts on the next.
//
// It touches only its caller's bytes and constant tables, and the race detector would make it thirty times slower.
//
//go:norace
func scan(p []byte, i int, hash, mask uint64) (n int, last uint64, met bool) {
	for ; i+1 < len(p); i += 2 {
		hash = hash<<2 + twice[p[i]]
		if hash&(mask<<1) == 0 {
			return i + 1, 0, true
		}
		hash += gear[p[i+1]]
		if hash&mask == 0 {
			return i + 2, 0, true
		}
	}
	return len(p), hash, false
}
