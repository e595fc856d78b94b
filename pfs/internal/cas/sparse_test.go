package cas

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// patches is an io.ReaderAt of a file that has the same bytes over and over.
type patches struct{ data []byte }

func (p patches) ReadAt(b []byte, off int64) (int, error) {
	for i := range b {
		b[i] = p.data[(off+int64(i))%int64(len(p.data))]
	}
	return len(b), nil
}

// truncate returns c with another size.
func (b *bench) truncate(t testing.TB, c schema.Content, size int64) schema.Content {
	t.Helper()
	c, pin, err := b.Rewrite(ctx, c, size, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	pin.Release()
	return c
}

// TestHuge checks contents with trees of several levels, nearly all holes: made by many edits, in any order, and at once.
func TestHuge(t *testing.T) {
	b := newBench(t)
	src := patches{noise[:1_000_003]}
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, size := range []int64{5 << 30, 1<<40 + 12345, 300 << 40, 1 << 60, math.MaxInt64} {
		var dirty []Range
		for range 12 {
			n := 1 + rnd.Int64N(300000)
			dirty = append(dirty, Range{rnd.Int64N(size - n), n})
		}
		slices.SortFunc(dirty, func(a, b Range) int { return int(min(1, max(-1, a.Offset-b.Offset))) })
		empty := b.truncate(t, b.ingest(t, nil), size)
		want, pin, err := b.Rewrite(ctx, empty, size, dirty, src)
		if err != nil {
			t.Fatal(err)
		}
		pin.Release()
		b.check(t, want)
		got := empty
		for _, i := range rnd.Perm(len(dirty)) {
			if got, pin, err = b.Rewrite(ctx, got, size, dirty[i:i+1], src); err != nil {
				t.Fatal(err)
			}
			pin.Release()
		}
		if got != want || !got.Sparse || got.Hash != got.Root {
			t.Errorf("size %d: one by one %+v, at once %+v", size, got, want)
		}
		last := dirty[len(dirty)-1]
		p := make([]byte, last.Size)
		if _, err := b.Open(got).ReadAt(p, last.Offset); err != nil {
			t.Fatal(err)
		}
		q := make([]byte, last.Size)
		_, _ = src.ReadAt(q, last.Offset)
		if !bytes.Equal(p, q) {
			t.Errorf("size %d: other bytes at %d", size, last.Offset)
		}
		small := b.truncate(t, got, dirty[0].Offset+dirty[0].Size)
		if back := b.truncate(t, small, size); back.Size != size || back.Sparse != true {
			t.Errorf("size %d: %+v", size, back)
		}
		b.commit(t)
	}
}

// TestSparseLimit checks both sides of the limit: 4 GiB of holes have a hash, one more unit has not.
func TestSparseLimit(t *testing.T) {
	b := newBench(t)
	base := b.ingest(t, nil)
	dense := b.truncate(t, base, sparseLimit)
	const want = "7dde7c9fed144013fedbe2b0bbf2d82f004b60b589485851cdec29b27be408d7" // head -c 4G /dev/zero | b3sum
	if dense.ETag() != want {
		t.Errorf("4 GiB of zeros: %s, want %s", dense.ETag(), want)
	}
	sparse := b.truncate(t, dense, sparseLimit+chunker.HoleUnit)
	if !sparse.Sparse || sparse != b.truncate(t, base, sparseLimit+chunker.HoleUnit) {
		t.Errorf("a unit more: %+v", sparse)
	}
	b.check(t, sparse)
}

func TestSeek(t *testing.T) {
	b := newBench(t)
	const unit, window = chunker.HoleUnit, chunker.Window
	data := slices.Clone(noise[:2*window+5*unit])
	clear(data[unit : 3*unit])
	clear(data[40*unit : window-3*unit]) // to have little to read
	clear(data[window-unit : window+unit])
	clear(data[2*window+4*unit:])
	mixed := b.ingest(t, data)
	huge := b.truncate(t, mixed, 1<<45)
	end := int64(len(data))
	for _, c := range []struct {
		name       string
		content    schema.Content
		off        int64
		data, hole int64 // -1 for io.EOF
	}{
		{"empty", b.ingest(t, nil), 0, -1, -1},
		{"small", b.ingest(t, data[:10]), 3, 3, 10},
		{"small, at the end", b.ingest(t, data[:10]), 10, -1, -1},
		{"beginning", mixed, 0, 0, unit},
		{"hole", mixed, unit, 3 * unit, unit},
		{"within a hole", mixed, unit + 5, 3 * unit, unit + 5},
		{"hole over windows", mixed, window - unit, window + unit, window - unit},
		{"data over windows", mixed, window + 2*unit, window + 2*unit, 2*window + 4*unit},
		{"hole at the end", mixed, end - 1, -1, end - 1},
		{"end", mixed, end, -1, -1},
		{"behind the end", mixed, end + 1, -1, -1},
		{"huge", huge, 2*window + 4*unit, -1, 2*window + 4*unit},
		{"far out", huge, 1 << 44, -1, 1 << 44},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := b.NextData(ctx, c.content, c.off)
			wantAt(t, "data", got, err, c.data)
			got, err = b.NextHole(ctx, c.content, c.off)
			wantAt(t, "hole", got, err, c.hole)
		})
	}
}

// wantAt fails the test unless a search came to want, or to io.EOF when that is negative.
func wantAt(t *testing.T, what string, got int64, err error, want int64) {
	t.Helper()
	if want < 0 && err != io.EOF || want >= 0 && (err != nil || got != want) {
		t.Errorf("next %s: %d, %v; want %d", what, got, err, want)
	}
}

// TestPartOfZeros joins parts that are windows full of zeros, alone and behind or before others, stored as they come and copied
// from a content.
func TestPartOfZeros(t *testing.T) {
	const window = chunker.Window
	b := newBench(t)
	data := slices.Clone(noise[:window/2])
	data = append(data, make([]byte, 5*window/2)...)
	for _, from := range []int{0, window, 2 * window} {
		piece := data[from:]
		want := b.ingest(t, piece)
		for _, cuts := range [][]int{{}, {window}, {window, 2 * window}, {window / 2}, {window / 2, 2 * window}} {
			var inner []int
			for _, at := range cuts {
				if at > from {
					inner = append(inner, at-from)
				}
			}
			if got := b.join(t, piece, inner, nil); got != want {
				t.Errorf("from %d, cut at %v: %+v, want %+v", from, inner, got, want)
			}
		}
	}
	zeros := b.ingest(t, make([]byte, 2*window))
	for _, at := range []int64{0, window, 3 * window} {
		p, pin, err := b.AsPart(ctx, zeros, 0, window, at)
		if err != nil {
			t.Fatal(err)
		}
		got, joined, err := b.Join(ctx, []Part{p})
		if want := b.ingest(t, make([]byte, window)); err != nil || got != want {
			t.Errorf("copied for offset %d: %+v (%v), want %+v", at, got, err, want)
			continue
		}
		joined.Release()
		pin.Release()
	}
}

// holes is a reader of runs of bytes behind holes that it knows of; it fails the test when more of a hole is read than a buffer.
type holes struct {
	t    *testing.T
	runs []run
	read int64 // bytes of the hole at hand
}

// run is a hole, and the bytes behind it.
type run struct {
	hole int64
	data []byte
}

func (h *holes) Zeros() int64 {
	if len(h.runs) == 0 {
		return 0
	}
	return h.runs[0].hole
}

func (h *holes) Skip(n int64) { h.runs[0].hole -= n }

func (h *holes) Read(p []byte) (int, error) {
	for len(h.runs) > 0 && h.runs[0].hole == 0 && len(h.runs[0].data) == 0 {
		h.runs, h.read = h.runs[1:], 0
	}
	if len(h.runs) == 0 {
		return 0, io.EOF
	}
	r := &h.runs[0]
	if r.hole > 0 {
		n := min(r.hole, int64(len(p)))
		clear(p[:n])
		r.hole -= n
		if h.read += n; h.read > 2<<20 {
			h.t.Errorf("%d bytes of a hole were read", h.read)
		}
		return int(n), nil
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

// TestIngestOfHoles checks contents of a reader that knows of its holes: they are those that edits make, of any size.
func TestIngestOfHoles(t *testing.T) {
	b := newBench(t)
	one := noise[:1]
	for name, runs := range map[string][]run{
		"small":          {{0, noise[:100]}, {1 << 20, noise[:300_000]}, {70_000, nil}},
		"one window":     {{chunker.Window, nil}},
		"dense":          {{0, noise[:1]}, {100 << 20, noise[:5]}, {chunker.Window*3 + 1, one}},
		"terabytes":      {{0, one}, {50 << 40, noise[:200_000]}},
		"nothing else":   {{1 << 50, nil}},
		"of a subtree":   {{span(2), nil}},
		"far apart":      {{5 << 30, one}, {span(2) - 5<<30 - 1, one}, {span(3) - 7, noise[:1000]}, {12345, nil}},
		"to a whole one": {{0, one}, {span(3) - 1, nil}},
		"largest":        {{0, one}, {math.MaxInt64 - 1, nil}},
	} {
		var size int64
		var dirty []Range
		source := at{}
		for _, r := range runs {
			size += r.hole
			if len(r.data) > 0 {
				dirty = append(dirty, Range{size, int64(len(r.data))})
				source[size] = r.data
			}
			size += int64(len(r.data))
		}
		want, pin, err := b.Rewrite(ctx, b.ingest(t, nil), size, dirty, source)
		if err != nil {
			t.Fatal(err)
		}
		pin.Release()
		got, pin, err := b.Ingest(ctx, &holes{t: t, runs: slices.Clone(runs)})
		if err != nil {
			t.Fatal(name, err)
		}
		pin.Release()
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		b.commit(t)
	}
	_, _, err := b.Ingest(ctx, &holes{t: t, runs: []run{{1 << 62, one}, {1 << 62, one}, {1 << 62, one}}})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("more than there can be: %v", err)
	}
}

// at is an io.ReaderAt of pieces by their offset.
type at map[int64][]byte

func (a at) ReadAt(p []byte, off int64) (int, error) {
	for start, data := range a {
		if off >= start && off < start+int64(len(data)) {
			return copy(p, data[off-start:]), nil
		}
	}
	return 0, io.EOF
}
