package cas

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pfsd/chunker"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMain has rapid try fewer files than it would, since they are large; -rapid.checks says otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// rowsOf returns the rows of the key-value store in hex, one a line.
func (b *bench) rowsOf(t *testing.T) string {
	var out strings.Builder
	err := b.rows.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			value := hex.EncodeToString(row.Value)
			if len(row.Value) > 1000 {
				value = fmt.Sprintf("%s... %d bytes", value[:100], len(row.Value))
			}
			fmt.Fprintf(&out, "%x %s\n", row.Key, value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestGolden pins all rows and values that fixed contents have: other ones are another format on disk.
func TestGolden(t *testing.T) {
	holey := slices.Clone(noise[:1<<20+100])
	clear(holey[100000:700000])
	var out bytes.Buffer
	for _, c := range []struct {
		name string
		make func(b *bench) any
	}{
		{"empty", func(b *bench) any { return b.ingest(t, nil) }},
		{"inline", func(b *bench) any { return b.ingest(t, []byte("hello\n")) }},
		{"largest inline", func(b *bench) any { return b.ingest(t, noise[:maxInline]) }},
		{"smallest in a pack", func(b *bench) any { return b.ingest(t, noise[:maxInline+1]) }},
		{"one window, with holes", func(b *bench) any { return b.ingest(t, holey) }},
		{"one window, all holes", func(b *bench) any { return b.ingest(t, make([]byte, chunker.HoleUnit)) }},
		{"three windows", func(b *bench) any {
			return b.ingest(t, slices.Concat(make([]byte, chunker.Window), noise[:100], make([]byte, chunker.Window+50)))
		}},
		{"sparse", func(b *bench) any {
			c := b.truncate(t, b.ingest(t, []byte("hello\n")), 1<<40)
			return c
		}},
		{"part", func(b *bench) any {
			p, pin, err := b.IngestPart(ctx, bytes.NewReader(noise[:300000]), chunker.Window-100000)
			if err != nil {
				t.Fatal(err)
			}
			pin.Release()
			return p
		}},
	} {
		b := newBench(t)
		value := c.make(b)
		b.commit(t)
		fmt.Fprintf(&out, "# %s\n%+v\n%s\n", c.name, value, b.rowsOf(t))
	}
	path := filepath.Join("testdata", "rows.txt")
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%s differs; got:\n%s", path, out.Bytes())
	}
}

// seedRecords returns records of all kinds.
func seedRecords() [][]byte {
	w := &window{lead: 5}
	w.add(chunker.HoleUnit-5, schema.Hash{1})
	w.add(3*chunker.HoleUnit, schema.Hash{})
	w.add(77, schema.Hash{2})
	full := &window{}
	full.add(chunker.Window, schema.Hash{})
	full.groups = make([]cv, chunker.Window/groupSize)
	dense := &node{level: 1, dense: true, children: []child{
		{hash: schema.Hash{1}, cv: cv{2}, size: chunker.Window, holes: chunker.HoleUnit},
		{cv: cv{3}, size: chunker.Window, holes: chunker.Window},
		{hash: schema.Hash{4}, cv: cv{5}, size: 9},
	}}
	high := &node{level: 3, children: []child{{hash: schema.Hash{1}, size: span(2)}, {hash: schema.Hash{1}, size: 1}}}
	part, _ := Part{Offset: 1 << 33, Size: 5 << 20, Hash: schema.Hash{6}, Root: schema.Hash{7}}.AppendBinary(nil)
	none, _ := Part{}.AppendBinary(nil)
	return [][]byte{
		w.encode(), full.encode(), dense.encode(), high.encode(), part, none,
		{chunkInline, 'x'}, encodeLocation(pack.Location{Pack: 3, Offset: 1 << 40, Length: 100000}),
	}
}

func TestRecords(t *testing.T) {
	for i, raw := range seedRecords() {
		if !slices.Equal(reencode(raw), raw) {
			t.Errorf("record %d does not come back: %x", i, raw)
		}
		for n := range raw {
			if got := reencode(raw[:n]); got != nil && !slices.Equal(got, raw[:n]) {
				t.Errorf("record %d cut to %d bytes: %x", i, n, got)
			}
		}
		if reencode(append(slices.Clone(raw), 0)) != nil && raw[0] != chunkInline {
			t.Errorf("record %d is taken with a byte too many", i)
		}
	}
}

// reencode returns what the bytes are when decoded and encoded again, as whatever they are; nil if they are nothing.
func reencode(raw []byte) []byte {
	if w, err := decodeWindow(raw); err == nil {
		return w.encode()
	}
	if n, err := decodeNode(raw); err == nil {
		return n.encode()
	}
	if p, err := DecodePart(raw); err == nil {
		raw, _ := p.AppendBinary(nil)
		return raw
	}
	if inline, loc, err := decodeChunk(raw); err == nil {
		if inline != nil {
			return append([]byte{chunkInline}, inline...)
		}
		return encodeLocation(loc)
	}
	return nil
}

// FuzzRecords checks that no bytes make a decoder panic, and that what one accepts is encoded to the same bytes again.
func FuzzRecords(f *testing.F) {
	for _, raw := range seedRecords() {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got := reencode(raw); got != nil && !slices.Equal(got, raw) {
			t.Errorf("%x became %x", raw, got)
		}
	})
}

// TestCheckFinds checks that damage is found, and reported for each content that has it.
func TestCheckFinds(t *testing.T) {
	data := slices.Clone(noise[:18<<20])
	clear(data[3<<20 : 16<<20]) // a hole, to have little to read
	for _, c := range []struct {
		name string
		deep bool // whether only a deep check can find it
		harm func(b *bench, c schema.Content) (key, value []byte)
	}{
		{"root is gone", false, func(_ *bench, c schema.Content) (key, value []byte) {
			return schema.WindowKey(c.Root), nil
		}},
		{"root has other bytes", false, func(_ *bench, c schema.Content) (key, value []byte) {
			return schema.WindowKey(c.Root), []byte("nonsense")
		}},
		{"chunk is gone", false, func(b *bench, c schema.Content) (key, value []byte) {
			return schema.ChunkKey(b.anyChunk(t, c)), nil
		}},
		{"chunk's row is malformed", false, func(b *bench, c schema.Content) (key, value []byte) {
			return schema.ChunkKey(b.anyChunk(t, c)), []byte{chunkPacked, 1}
		}},
		{"chunk's row is that of another", false, func(b *bench, c schema.Content) (key, value []byte) {
			return schema.ChunkKey(b.anyChunk(t, c)), encodeLocation(pack.Location{Pack: 1, Offset: 100, Length: 77777})
		}},
		{"chunk is where it is not", true, func(b *bench, c schema.Content) (key, value []byte) {
			h := b.anyChunk(t, c)
			var loc pack.Location
			if err := b.view(ctx, schema.ChunkKey(h), func(value []byte) (err error) {
				_, loc, err = decodeChunk(value)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			loc.Offset++
			return schema.ChunkKey(h), encodeLocation(loc)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			content := b.ingest(t, data)
			second := b.ingest(t, append(slices.Clone(data), 1))
			b.commit(t)
			key, value := c.harm(b, content)
			batch := kv.Batch{Puts: []kv.Row{{Key: key, Value: value}}}
			if value == nil {
				batch = kv.Batch{Deletes: [][]byte{key}}
			}
			if err := b.rows.Commit(ctx, batch); err != nil {
				t.Fatal(err)
			}
			for _, deep := range []bool{false, true} {
				faults := 0
				k := b.NewChecker(deep, func(err error) { faults++ })
				for _, c := range []schema.Content{content, content, second} {
					if err := k.Content(ctx, c); err != nil {
						t.Fatal(err)
					}
				}
				want := 3
				if bytes.Equal(key, schema.WindowKey(content.Root)) {
					want = 2
				}
				if c.deep && !deep {
					want = 0
				}
				if faults != want {
					t.Errorf("deep %t: %d faults, want %d", deep, faults, want)
				}
			}
		})
	}
}

// anyChunk returns a chunk of c that is in a pack.
func (b *bench) anyChunk(t *testing.T, c schema.Content) schema.Hash {
	t.Helper()
	for e, err := range b.Chunks(ctx, c) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Size > maxInline && e.Offset > 1<<20 {
			return e.Hash
		}
	}
	t.Fatal("no chunk")
	return schema.Hash{}
}

// TestCheckWrong checks that contents are found wrong that say of themselves what is not so.
func TestCheckWrong(t *testing.T) {
	b := newBench(t)
	window := b.ingest(t, noise[:2<<20])
	small := b.ingest(t, slices.Concat(noise[:1000], make([]byte, 200000)))
	tree := b.ingest(t, noise[:20<<20])
	chunk := b.ingest(t, noise[:100])
	for name, c := range map[string]schema.Content{
		"hash of a tree":      {Size: tree.Size, Hash: schema.Hash{1}, Kind: tree.Kind, Root: tree.Root},
		"hash of a window":    {Size: window.Size, Hash: schema.Hash{1}, Kind: window.Kind, Root: window.Root},
		"hash of few bytes":   {Size: small.Size, Hash: schema.Hash{1}, Kind: small.Kind, Root: small.Root},
		"hash of a chunk":     {Size: chunk.Size, Hash: schema.Hash{1}, Kind: chunk.Kind, Root: chunk.Root},
		"hash of nothing":     {Hash: schema.Hash{1}},
		"size of a tree":      {Size: tree.Size + 1, Hash: tree.Hash, Kind: tree.Kind, Root: tree.Root},
		"size of a window":    {Size: window.Size - 1, Hash: window.Hash, Kind: window.Kind, Root: window.Root},
		"size of a chunk":     {Size: chunk.Size + 1, Hash: chunk.Hash, Kind: chunk.Kind, Root: chunk.Root},
		"kind":                {Size: window.Size, Hash: window.Hash, Kind: schema.RootNode, Root: window.Root},
		"sparse":              {Size: tree.Size, Hash: tree.Root, Kind: tree.Kind, Root: tree.Root, Sparse: true},
		"no root":             {Size: 5, Hash: schema.Hash{1}},
		"no root of a window": {Size: window.Size, Hash: schema.Hash{1}, Kind: schema.RootWindow},
		"no root of a tree":   {Size: tree.Size, Hash: schema.Hash{1}, Kind: schema.RootNode},
		"chunk of 5 GiB":      {Size: 5 << 30, Hash: chunk.Hash, Kind: schema.RootChunk, Root: chunk.Root},
		"window of tree size": {Size: tree.Size, Hash: window.Hash, Kind: schema.RootWindow, Root: window.Root},
	} {
		faults := 0
		if err := b.Check(ctx, c, true, func(error) { faults++ }); err != nil || faults != 1 {
			t.Errorf("%s: %d faults, %v", name, faults, err)
		}
		// Other users of it get some bytes or an error, but no panic.
		_, err := b.Open(c).WriteTo(io.Discard)
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: read: %v", name, err)
		}
		_, _, err = b.Rewrite(ctx, c, 3<<20, []Range{{5, 5}}, bytes.NewReader(noise))
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: rewrite: %v", name, err)
		}
	}
}
