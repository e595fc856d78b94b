// Package chunker cuts the bytes of a file into content-defined pieces: the same bytes at another place of a file, or in
// another file, mostly give the same pieces, which can then be stored once.
//
// # Canonical cuts
//
// The pieces are a function of the file's bytes and of nothing else: neither of how a reader hands the bytes out, nor of
// where somebody began to read. What makes this hold, and makes it cheap to keep when a file is edited:
//
//   - Every multiple of Window in the file is a cut, and nothing before it influences what comes after it. So an edit
//     changes the pieces of the windows that it touches, and those alone.
//   - Every unit of HoleUnit bytes, at a multiple of HoleUnit in the file, that is full of zeros is a hole: it is never
//     part of a chunk, and nothing before it influences what comes after it. Units that adjoin within a window make one
//     piece. Fewer zeros than a unit at the end of a file, or zeros that fill no unit, are data.
//   - All else is cut where a rolling hash of the last 64 bytes, less those of the chunk's first Min, meets a condition, into
//     chunks of more than Min and up to Max bytes. A chunk is shorter only where a hole, a window's end or the file's end
//     cuts it off.
//
// It follows that the piece at a given offset, if one starts there, depends on no byte before it, and on none at or after
// Horizon of its end.
//
// # The rolling hash
//
// It is the gear hash with two conditions, a hard one up to the size Avg and an easy one beyond, which draws the sizes
// towards Avg; no condition is looked at in the first Min bytes, which are skipped. See Xia et al., "FastCDC", USENIX ATC
// 2016. It is written here, not taken from a library, since those cut streams of which they know neither offsets nor
// holes, and since the cuts are part of the format on disk: no update of a dependency may move them.
package chunker

import "math"

// Sizes, in bytes. All are part of the format on disk.
const (
	// Window is the distance of the unconditional cuts of a file.
	Window = 16 << 20
	// HoleUnit is the size, and the alignment in the file, of the smallest hole.
	HoleUnit = 64 << 10
	// Max is the size of the largest chunk.
	Max = 512 << 10
	// Avg is the size that chunks are drawn to. It was chosen on a tar of the Go source tree (137 MB). With 64, 128 and 256
	// KiB, and half as much for Min, chunks had 73, 149 and 299 KB in the mean, 200 random edits made 16, 31 and 53 MB of new
	// chunks, and cutting took place at about 4 GB/s a core in all three. The smallest would double the rows of the index.
	Avg = 128 << 10
	// Min is the size of the smallest chunk that is not cut off by a hole or an end.
	Min = 64 << 10
)

// Horizon returns the file offset up to which bytes can have a say in a cut at the file offset end: a chunk that ends
// there stays as it is whatever comes at Horizon(end) or after it, a file's end included.
func Horizon(end int64) int64 {
	if end%Window == 0 {
		return end
	}
	unit := end / HoleUnit * HoleUnit
	return unit + min(HoleUnit, math.MaxInt64-unit)
}
