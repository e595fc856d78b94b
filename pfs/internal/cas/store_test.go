package cas

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"

	"lukechampine.com/blake3"

	"pfsd/chunker"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// bench is a Store with what it is made of.
type bench struct {
	*Store
	rows  kv.Store
	packs *pack.Store
}

// newBench returns a Store over memory and a directory of the test's.
func newBench(t testing.TB) *bench {
	t.Helper()
	rows := memkv.New()
	dir, err := pack.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	packs, err := pack.Open(dir, pack.Options{FreeMark: 32 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = packs.Close()
		_ = rows.Close()
	})
	return &bench{New(rows, packs, Options{}), rows, packs}
}

// ingest stores data and releases the pin.
func (b *bench) ingest(t testing.TB, data []byte) schema.Content {
	t.Helper()
	c, pin, err := b.Ingest(context.Background(), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	pin.Release()
	return c
}

// check fails the test unless each content is sound and its chunk list adds up.
func (b *bench) check(t testing.TB, c schema.Content) {
	t.Helper()
	if err := b.Check(ctx, c, true, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	at, holes := int64(0), int64(0)
	for e, err := range b.Chunks(ctx, c) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Offset != at || e.Hole != e.Hash.IsZero() || e.Size <= 0 {
			t.Fatalf("extent %+v at %d", e, at)
		}
		if e.Hole {
			holes += e.Size
		}
		at += e.Size
	}
	if at != c.Size || c.Sparse != (holes > b.sparseLimit) {
		t.Fatalf("extents up to %d, %d bytes of holes; %+v", at, holes, c)
	}
}

// commit does what the committer does.
func (b *bench) commit(t testing.TB) {
	t.Helper()
	flush, err := b.Pending(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	err = b.rows.Commit(context.Background(), kv.Batch{Puts: flush.Rows})
	flush.Done(err == nil)
	if err != nil {
		t.Fatal(err)
	}
}

// bytesOf returns n random bytes, always the same for the same seed.
func bytesOf(seed byte, n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(p)
	return p
}

// sizes are those at which something changes.
var sizes = []int{
	0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 16383, 16384, 16385, 32767, 32768, 32769, 65535, 65536, 65537, 131072,
	524287, 524288, 524289, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2 << 20, 2<<20 + 1, 3<<20 - 1, 3 << 20, 5<<20 + 12345,
	chunker.Window, chunker.Window + 1, 2*chunker.Window + 77,
}

// TestIngest checks hash, bytes and the chunk list at all sizes, of random bytes, of zeros and of both.
func TestIngest(t *testing.T) {
	b := newBench(t)
	random := bytesOf(1, sizes[len(sizes)-1])
	mixed := bytes.Clone(random)
	for i := range mixed {
		if i/100000%3 == 1 {
			mixed[i] = 0
		}
	}
	for name, data := range map[string][]byte{"random": random, "zeros": make([]byte, len(random)), "mixed": mixed} {
		for _, n := range sizes {
			if name == "random" && n > 6<<20 {
				break // mixed bytes will do
			}
			c := b.ingest(t, data[:n])
			if want := schema.Hash(blake3.Sum256(data[:n])); c.Hash != want || c.Size != int64(n) || c.Sparse {
				t.Fatalf("%s, %d bytes: %+v, want hash %v", name, n, c, want)
			}
			var got bytes.Buffer
			if _, err := b.Open(c).WriteTo(&got); err != nil {
				t.Fatalf("%s, %d bytes: %v", name, n, err)
			}
			if !bytes.Equal(got.Bytes(), data[:n]) {
				t.Fatalf("%s, %d bytes: other bytes come out", name, n)
			}
		}
		b.commit(t)
	}
	if len(b.unsaved) > 0 || b.unsavedBytes != 0 || len(b.pins) > 0 || len(b.finished) > 0 {
		t.Errorf("left behind: %d rows, %d pins, %d batches", len(b.unsaved), len(b.pins), len(b.finished))
	}
}

func TestReadAt(t *testing.T) {
	b := newBench(t)
	data := append(append(bytesOf(2, 300000), make([]byte, 200000)...), bytesOf(3, 17<<20)...)
	r := b.Open(b.ingest(t, data))
	b.commit(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		off, n := rnd.IntN(len(data)+1000), rnd.IntN(1<<(1+rnd.IntN(20)))
		p := make([]byte, n)
		got, err := r.ReadAt(p, int64(off))
		want := data[min(off, len(data)):min(off+n, len(data))]
		if !bytes.Equal(p[:got], want) || (err == io.EOF) != (got < n) || err != nil && err != io.EOF {
			t.Fatalf("%d bytes at %d: %d, %v; want %d", n, off, got, err, len(want))
		}
	}
}
