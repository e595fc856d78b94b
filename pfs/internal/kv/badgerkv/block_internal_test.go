package badgerkv

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"

	"pfsd/pfs/internal/kv"
)

// newTable returns the bytes of a table, as Badger makes them, with rows of several sizes, and where its blocks are.
func newTable(t testing.TB, rows int, value func(i int) []byte) ([]byte, tableIndex) {
	t.Helper()
	b := table.NewTableBuilder(table.Options{BlockSize: 4 << 10, TableSize: 64 << 20, BloomFalsePositive: 0.01, Compression: options.None})
	defer b.Close()
	for i := range rows {
		b.Add(y.KeyWithTs(fmt.Appendf(nil, "key%06d", i), uint64(i+1)), y.ValueStruct{Value: value(i)}, 0)
	}
	data := slices.Clone(b.Finish())
	x, ok := readIndex(data)
	if !ok || x.rows != int64(rows) {
		t.Fatalf("the index of a whole table: %t, %d rows", ok, x.rows)
	}
	return data, x
}

// someValue has a size that makes some blocks of many rows and some of one.
func someValue(i int) []byte {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	b := make([]byte, []int{0, 1, 20, 300, 3000, 30000}[i%6])
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestFindBlocks finds all blocks of a table without its index, and all but one when that is damaged, wherever in it.
func TestFindBlocks(t *testing.T) {
	whole, x := newTable(t, 60, someValue)
	if got := findBlocks(whole); !slices.Equal(got, x.blocks) {
		t.Fatalf("%d blocks of %d", len(got), len(x.blocks))
	}
	for hurt, b := range x.blocks {
		for _, at := range []int{b.start, b.end - 12, b.end - 1} {
			data := slices.Clone(whole)
			data[at] ^= 1
			want := slices.Delete(slices.Clone(x.blocks), hurt, hurt+1)
			if got := findBlocks(data); !slices.Equal(got, want) {
				t.Errorf("with byte %d of block %d (%v) altered: %d blocks, not %d", at, hurt, b, len(got), len(want))
			}
		}
	}
}

// TestFindBlocksInValues has rows whose values are blocks of another table. Where all is whole they are values and no more. Where
// the block around them is damaged their keys are out of order, so that they do not count.
func TestFindBlocksInValues(t *testing.T) {
	other, _ := newTable(t, 100, func(i int) []byte { return fmt.Appendf(nil, "forged%d", i) })
	whole, x := newTable(t, 50, func(i int) []byte {
		if i%10 == 9 {
			return other
		}
		return someValue(i)
	})
	if got := findBlocks(whole); !slices.Equal(got, x.blocks) {
		t.Errorf("%d blocks of %d", len(got), len(x.blocks))
	}
	at := bytes.Index(whole[len(whole)/2:], other) + len(whole)/2
	hurt := slices.IndexFunc(x.blocks, func(b span) bool { return b.start < at && at < b.end })
	data := slices.Clone(whole)
	data[x.blocks[hurt].start+6] ^= 1
	if got, want := findBlocks(data), slices.Delete(slices.Clone(x.blocks), hurt, hurt+1); !slices.Equal(got, want) {
		t.Errorf("%d blocks, not %d", len(got), len(want))
	}
}

// TestForgedBlocks damages the block around a value that is a table of somebody's, whose keys fit where it is. Blocks with rows that a
// Store never writes do not count: they would make the salvage fail, or end the timestamps of the new store.
func TestForgedBlocks(t *testing.T) {
	for name, row := range map[string]struct {
		key   string
		ts    uint64
		value int
	}{
		"a key of Badger's": {"!badger!banned", 1, 10},
		"a long key":        {"a" + strings.Repeat("x", kv.MaxKey), 1, 10},
		"a long value":      {"a", 1, kv.MaxValue + 1},
		"the last time":     {"a", math.MaxUint64, 10},
	} {
		b := table.NewTableBuilder(table.Options{BlockSize: 4 << 10, TableSize: 1 << 20, BloomFalsePositive: 0.01, Compression: options.None})
		b.Add(y.KeyWithTs([]byte(row.key), row.ts), y.ValueStruct{Value: make([]byte, row.value)}, 0)
		forged := slices.Clone(b.Finish())
		b.Close()
		data, x := newTable(t, 20, func(i int) []byte {
			if i == 0 {
				return forged
			}
			return someValue(i)
		})
		data[x.blocks[0].start+6] ^= 1
		if got := findBlocks(data); !slices.Equal(got, x.blocks[1:]) {
			t.Errorf("%s: the blocks are %v, not %v", name, got, x.blocks[1:])
		}
	}
}

// TestShift: a checksum that has gone over zeros is what it was when it is taken back over as many.
func TestShift(t *testing.T) {
	const sum = 0x12345678
	s, after := newShift(), uint32(sum)
	for i := range 10_000 {
		if got := s.back(after); got != sum {
			t.Fatalf("behind %d zeros it is %#x", i, got)
		}
		s.next()
		after = castagnoli[byte(after)] ^ after>>8
	}
}

// BenchmarkFindBlocks finds the blocks of a large table whose first block is damaged.
func BenchmarkFindBlocks(b *testing.B) {
	data, x := newTable(b, 9000, someValue)
	data[10] ^= 1
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if got := findBlocks(data); len(got) != len(x.blocks)-1 {
			b.Fatal(len(got))
		}
	}
}

// BenchmarkFindBlocksInZeros looks for blocks where there are none, but many places at which one could begin or end.
func BenchmarkFindBlocksInZeros(b *testing.B) {
	data := bytes.Repeat([]byte{0, 0, 0, 16, 0, 0, 0, 1, 16, 7, 0, 0, 0, 2}, 8<<20/14)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if got := findBlocks(data); len(got) > 0 {
			b.Fatal(len(got))
		}
	}
}
