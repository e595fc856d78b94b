package cas

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"lukechampine.com/blake3"
	"pgregory.net/rapid"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

var ctx = context.Background()

// noise is what random files of the tests are pieces of.
var noise = bytesOf(99, 48<<20)

// drawFile draws a file of runs of random bytes and of zeros, of up to about the given size.
func drawFile(t *rapid.T, size int) []byte {
	var data []byte
	for len(data) < size && rapid.IntRange(0, 9).Draw(t, "more") > 0 {
		n := drawSize(t, size-len(data))
		if rapid.IntRange(0, 2).Draw(t, "zeros") == 0 {
			data = append(data, make([]byte, n)...)
		} else {
			at := rapid.IntRange(0, len(noise)-n).Draw(t, "at")
			data = append(data, noise[at:at+n]...)
		}
	}
	return data
}

// drawSize draws a size of at most limit, with a liking for those near which something changes.
func drawSize(t *rapid.T, limit int) int {
	edges := []int{1, 1 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 512 << 10, 1 << 20, 4 << 20, chunker.Window}
	edge := rapid.SampledFrom(edges).Draw(t, "edge")
	n := edge + rapid.SampledFrom([]int{0, 0, -1, 1, 12345, -777, edge, edge / 2}).Draw(t, "by")
	return max(0, min(n, limit))
}

// join stores data in parts cut at the given offsets, in any order, and joins them. wrong lists parts whose offset is not
// known when they are stored.
func (b *bench) join(t testing.TB, data []byte, cuts []int, wrong map[int]bool) schema.Content {
	t.Helper()
	ends := append(slices.Clone(cuts), len(data))
	parts := make([]Part, len(ends))
	for i := len(ends) - 1; i >= 0; i-- {
		from := 0
		if i > 0 {
			from = ends[i-1]
		}
		piece, offset := data[from:ends[i]], int64(from)
		if wrong[i] {
			offset = int64(i) * 4096
		}
		p, pin, err := b.IngestPart(ctx, bytes.NewReader(piece), offset)
		if err != nil {
			t.Fatal(err)
		}
		defer pin.Release()
		if p.Hash != schema.Hash(blake3.Sum256(piece)) || p.Size != int64(len(piece)) || p.Offset != offset {
			t.Fatalf("part %d: %+v", i, p)
		}
		raw, _ := p.AppendBinary(nil)
		if q, err := DecodePart(raw); err != nil || q != p {
			t.Fatalf("part %+v is decoded as %+v, %v", p, q, err)
		}
		parts[i] = p
	}
	c, pin, err := b.Join(ctx, parts)
	if err != nil {
		t.Fatal(err)
	}
	pin.Release()
	return c
}

// rewrite is Rewrite from a content to other bytes, which differ from base only in dirty or by zeros at the end.
func (b *bench) rewrite(t testing.TB, base schema.Content, data []byte, dirty []Range) schema.Content {
	t.Helper()
	c, pin, err := b.Rewrite(ctx, base, int64(len(data)), dirty, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	pin.Release()
	return c
}

func TestJoin(t *testing.T) {
	b := newBench(t)
	const window, mib = chunker.Window, 1 << 20
	holes := slices.Clone(noise[:2*window+2*mib])
	clear(holes[3*mib : 9*mib+5])
	clear(holes[window-100000 : window+200000])
	clear(holes[2*window-65536:])
	for _, c := range []struct {
		name  string
		data  []byte
		cuts  []int
		wrong map[int]bool
	}{
		{name: "no part but an empty one", data: nil},
		{name: "one small part", data: noise[:1000]},
		{name: "small parts", data: noise[:3000], cuts: []int{1000, 1000, 2999}},
		{name: "parts of windows", data: noise[:33<<20], cuts: []int{window, 2 * window}},
		{name: "parts of 5 MiB", data: noise[:23<<20], cuts: []int{5 * mib, 10 * mib, 15 * mib, 20 * mib}},
		{name: "odd parts", data: noise[:20<<20], cuts: []int{5*mib + 1, 11*mib + 777, 17 * mib}},
		{name: "wrong offsets", data: noise[:12<<20], cuts: []int{5*mib + 1, 11*mib + 777}, wrong: map[int]bool{1: true}},
		{name: "all wrong", data: noise[:8<<20], cuts: []int{5 * mib}, wrong: map[int]bool{0: true, 1: true}},
		{name: "holes", data: holes, cuts: []int{4*mib + 1, 8 * mib, window - 50000, window + 1, 2*window - 1}},
		{name: "zeros", data: make([]byte, 20<<20), cuts: []int{70000, window, window + 65536}},
		{name: "zeros in odd parts", data: make([]byte, 2<<20), cuts: []int{1, 65535, 65537, 100000, 1<<20 + 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := b.ingest(t, c.data)
			if got := b.join(t, c.data, c.cuts, c.wrong); got != want {
				t.Errorf("joined %+v, want %+v", got, want)
			}
		})
	}
}

func TestRewrite(t *testing.T) {
	b := newBench(t)
	const window, mib = chunker.Window, 1 << 20
	base := slices.Clone(noise[:18<<20])
	clear(base[5*mib : 6*mib])
	content := b.ingest(t, base)
	for _, size := range []int{
		0, 1, 32768, 70000, mib, mib + 1, 5*mib + 70000, window - 1, window, window + 1, len(base) - 1,
		len(base) + 1, len(base) + 65536, 2 * window, 2*window + 70000,
	} {
		data := append(slices.Clone(base[:min(size, len(base))]), make([]byte, max(0, size-len(base)))...)
		want := b.ingest(t, data)
		if got := b.rewrite(t, content, data, nil); got != want {
			t.Errorf("size %d: %+v, want %+v", size, got, want)
		}
		rest := []Range{{int64(min(size, len(base)-1)), int64(max(1, len(base)-size))}}
		if got := b.rewrite(t, want, base, rest); got != content {
			t.Errorf("back from size %d: %+v, want %+v", size, got, content)
		}
	}
}

// TestSame checks that a content is one value, whichever way it came about.
func TestSame(t *testing.T) { rapid.Check(t, same(newBench(t), t, 20<<20)) }

// TestSameSparse is TestSame where contents with some holes are sparse already.
func TestSameSparse(t *testing.T) {
	b := newBench(t)
	b.sparseLimit = 18 << 20 // more than a window, as the true one
	rapid.Check(t, same(b, t, 40<<20))
}

// same draws files of up to the given size.
func same(b *bench, t *testing.T, size int) func(*rapid.T) {
	return func(rt *rapid.T) {
		data := drawFile(rt, size)
		want := b.ingest(t, data)
		if !want.Sparse && want.Hash != schema.Hash(blake3.Sum256(data)) {
			rt.Fatalf("%d bytes: wrong hash", len(data))
		}
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(data)), 0, 4).Draw(rt, "cuts")
		slices.Sort(cuts)
		wrong := map[int]bool{rapid.IntRange(0, 9).Draw(rt, "wrong"): true}
		if got := b.join(t, data, cuts, wrong); got != want {
			rt.Fatalf("joined %+v, want %+v", got, want)
		}
		// Some edits, in the order of their offsets, perhaps with another size.
		edited := slices.Clone(data)
		if rapid.Bool().Draw(rt, "resize") {
			size := drawSize(rt, size)
			edited = append(edited[:min(size, len(edited))], make([]byte, max(0, size-len(edited)))...)
		}
		var dirty []Range
		at := 0
		for at < len(edited) && rapid.IntRange(0, 3).Draw(rt, "edit") > 0 {
			at += rapid.IntRange(0, len(edited)-at).Draw(rt, "gap")
			n := drawSize(rt, len(edited)-at)
			if n == 0 {
				break
			}
			if rapid.Bool().Draw(rt, "punch") {
				clear(edited[at : at+n])
			} else {
				copy(edited[at:at+n], noise[rapid.IntRange(0, 1<<20).Draw(rt, "from"):])
			}
			dirty = append(dirty, Range{int64(at), int64(n)})
			at += n
		}
		after := b.ingest(t, edited)
		if got := b.rewrite(t, want, edited, dirty); got != after {
			rt.Fatalf("rewritten with %v: %+v, want %+v", dirty, got, after)
		}
		b.commit(t)
		b.check(t, want)
		b.check(t, after)
	}
}

// TestJoinReadsSeams checks that a join of parts at their true offsets reads little.
func TestJoinReadsSeams(t *testing.T) {
	b := newBench(t)
	counter := &countingPacks{packs: b.Store.packs}
	b.Store.packs = counter
	data := noise[:40<<20]
	b.join(t, data, []int{8 << 20, 16 << 20, 24 << 20, 32 << 20}, nil)
	if limit := int64(4 << 20); counter.read > limit {
		t.Errorf("joined 40 MiB by reading %d bytes, want at most %d", counter.read, limit)
	}
	content := b.ingest(t, data)
	counter.read = 0
	edited := slices.Clone(data)
	edited[20<<20]++
	b.rewrite(t, content, edited, []Range{{20 << 20, 1}})
	if limit := int64(3 << 20); counter.read > limit {
		t.Errorf("changed a byte by reading %d bytes, want at most %d", counter.read, limit)
	}
}
