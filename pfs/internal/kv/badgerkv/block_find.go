package badgerkv

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"

	"github.com/dgraph-io/badger/v4/y"

	"pfsd/pfs/internal/kv"
)

// maxBlock is the largest size of a block. One of several entries is much smaller.
const maxBlock = kv.MaxKey + kv.MaxValue + 4<<10

// span is where in a table a block lies.
type span struct{ start, end int }

// findBlocks returns the blocks of a table whose index is lost, in order. A block is where a checksum fits the bytes before it.
// The value of a row may look like a block too: of blocks that overlap the outer one counts, and blocks whose keys are out of the
// order of the table, or with rows that a Store never writes, do not.
//
// It takes time in proportion to the data, whatever that is, and memory for the places in the last maxBlock bytes at which a block
// could begin.
func findBlocks(data []byte) []span {
	f := finder{data: data, x: newShift()}
	for i := range data {
		if i%maxBlock == 0 {
			f.starts = [2]map[uint32]int{{}, f.starts[0]}
		}
		f.end(i)
		f.start(i)
		f.sum = castagnoli[byte(f.sum)^data[i]] ^ f.sum>>8
		f.x.next()
	}
	return inOrder(data, outermost(f.found))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// finder goes over the bytes of a table. The checksum of a block follows from two numbers, one at its beginning and one at its end:
// so that a map from the first leads from an end to the beginning, without a look at each pair of the two.
type finder struct {
	data []byte
	// sum is the CRC-32C of the bytes so far, that begins with 0 and ends without an inversion.
	sum uint32
	x   *shift
	// starts leads from the number of a place at which a block could begin to that place: for the places since the last multiple
	// of maxBlock, and for those in the maxBlock bytes before it.
	starts [2]map[uint32]int
	found  []span
}

// start notes i if a block could begin there: with an entry whose key shares nothing.
func (f *finder) start(i int) {
	if len(f.data)-i < headerSize || f.data[i] != 0 || f.data[i+1] != 0 {
		return
	}
	own := int(binary.NativeEndian.Uint16(f.data[i+2:]))
	if own <= tsSize || own > kv.MaxKey+tsSize || i+headerSize+own > len(f.data) {
		return
	}
	number := f.x.back(f.sum ^ math.MaxUint32)
	if _, ok := f.starts[0][number]; !ok {
		f.starts[0][number] = i
	}
}

// end notes the block whose checksum is at i, if there is one.
func (f *finder) end(i int) {
	sum, n, ok := sumAt(f.data[i:])
	if !ok {
		return
	}
	before := f.data[max(0, i-maxBlock):i]
	if _, offsets, ok := offsetsOf(before); !ok || offsetAt(before, offsets, 0) != 0 {
		return
	}
	number := f.x.back(^sum ^ f.sum)
	for _, starts := range f.starts {
		at, ok := starts[number]
		if !ok || at < i-maxBlock {
			continue
		}
		if rows, err := entriesOf(f.data[at:i]); err == nil && !slices.ContainsFunc(rows, isForeign) {
			f.found = append(f.found, span{at, i + n + wordSize})
		}
	}
}

// maxTime is above all timestamps of a Store, which count its transactions.
const maxTime = 1 << 56

// isForeign reports whether a Store never writes such a row.
func isForeign(v version) bool {
	row := kv.Row{Key: v.key, Value: v.value}
	return row.Check() != nil || v.ts > maxTime || bytes.HasPrefix(v.key, []byte("!badger!"))
}

// sumAt decodes the checksum that b begins with, with its length behind it, and returns its size. Of all that Badger could write
// it knows the form that Badger does write, but for the checksum 0, which has no bytes.
func sumAt(b []byte) (sum uint32, n int, ok bool) {
	const tag = 2 << 3 // the second field, a varint
	if len(b) < 2+wordSize || b[0] != tag {
		return 0, 0, false
	}
	v, n := binary.Uvarint(b[1:min(len(b), 1+binary.MaxVarintLen32)])
	if n <= 0 || v > math.MaxUint32 || v == 0 || n > 1 && b[n] == 0 {
		return 0, 0, false
	}
	n++
	if len(b) < n+wordSize || binary.BigEndian.Uint32(b[n:]) != uint32(n) {
		return 0, 0, false
	}
	return uint32(v), n, true
}

// outermost leaves out the blocks that lie in others. Blocks come in the order of their ends.
func outermost(blocks []span) []span {
	var out []span
	for _, b := range blocks {
		for len(out) > 0 && out[len(out)-1].start >= b.start {
			out = out[:len(out)-1]
		}
		if len(out) == 0 || out[len(out)-1].end <= b.start {
			out = append(out, b)
		}
	}
	return out
}

// run is blocks one behind the other, of which each begins where the one before ends.
type run struct {
	blocks      []span
	first, last []byte
}

func (r *run) size() int {
	if r.blocks[0].start == 0 {
		return math.MaxInt // which cannot be within a value
	}
	return r.blocks[len(r.blocks)-1].end - r.blocks[0].start
}

// inOrder leaves out the runs of blocks whose keys are not between those of larger runs: as blocks in the value of a row do whose
// own block is damaged.
func inOrder(data []byte, blocks []span) []span {
	var runs []run
	for _, r := range runsOf(data, blocks) {
		fits := true
		for len(runs) > 0 && y.CompareKeys(runs[len(runs)-1].last, r.first) >= 0 {
			if runs[len(runs)-1].size() >= r.size() {
				fits = false
				break
			}
			runs = runs[:len(runs)-1]
		}
		if fits {
			runs = append(runs, r)
		}
	}
	var out []span
	for _, r := range runs {
		out = append(out, r.blocks...)
	}
	return out
}

func runsOf(data []byte, blocks []span) []run {
	var runs []run
	for _, b := range blocks {
		rows, err := readPlain(data[b.start:b.end])
		if err != nil {
			continue
		}
		first, last := keyOf(rows[0]), keyOf(rows[len(rows)-1])
		if n := len(runs); n > 0 {
			r := &runs[n-1]
			if r.blocks[len(r.blocks)-1].end == b.start && y.CompareKeys(r.last, first) < 0 {
				r.blocks, r.last = append(r.blocks, b), last
				continue
			}
		}
		runs = append(runs, run{blocks: []span{b}, first: first, last: last})
	}
	return runs
}

// keyOf returns the key that Badger has of a version of a row.
func keyOf(v version) []byte { return y.KeyWithTs(v.key, v.ts) }
