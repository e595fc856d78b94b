package pack_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fill returns n bytes and a label that are a function of seed.
func fill(seed uint64, n int) (schema.Hash, []byte) {
	rng := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), 7})
	data := make([]byte, n)
	_, _ = rng.Read(data)
	var h schema.Hash
	_, _ = rng.Read(h[:])
	return h, data
}

func open(t *testing.T, fs pack.FS, opts pack.Options) *pack.Store {
	t.Helper()
	s, err := pack.Open(fs, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, pack.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func lease(t *testing.T, s *pack.Store) *pack.Writer {
	t.Helper()
	w, err := s.Lease(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Release)
	return w
}

func put(t *testing.T, w *pack.Writer, seed uint64, n int) pack.Location {
	t.Helper()
	hash, data := fill(seed, n)
	loc, err := w.Append(hash, data)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func check(t *testing.T, s *pack.Store, loc pack.Location, seed uint64, n int) {
	t.Helper()
	hash, want := fill(seed, n)
	got := make([]byte, n)
	if err := s.ReadAt(loc, got, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("record %v: wrong bytes", loc)
	}
	if h, err := s.Verify(loc); err != nil || h != hash {
		t.Errorf("Verify(%v) = %v, %v; want %v", loc, h, err, hash)
	}
}

// TestRoundTrip appends records of sizes around the edges of blocks, and reads all and parts of them before a sync, after
// it, and from another Store.
func TestRoundTrip(t *testing.T) {
	sizes := []int{1, 100, pack.BlockSize - 1, pack.BlockSize, pack.BlockSize + 1, 5*pack.BlockSize + 77, pack.MaxRecord}
	dir := pack.DirOf(t, t.TempDir())
	s := open(t, dir, pack.Options{})
	w := lease(t, s)
	var locs []pack.Location
	for i, n := range sizes {
		locs = append(locs, put(t, w, uint64(i), n))
		check(t, s, locs[i], uint64(i), n)
	}
	w.Release()
	if err := s.Sync(t.Context(), locs[0].Pack); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, pack.Options{})
	rng := rand.New(rand.NewPCG(1, 2))
	for i, n := range sizes {
		_, data := fill(uint64(i), n)
		for range 50 {
			off := rng.IntN(n)
			p := make([]byte, rng.IntN(n-off+1))
			if err := again.ReadAt(locs[i], p, int64(off)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p, data[off:off+len(p)]) {
				t.Fatalf("size %d: %d bytes at %d are wrong", n, len(p), off)
			}
		}
		check(t, again, locs[i], uint64(i), n)
	}
}

// TestBadRanges asks for what is not there.
func TestBadRanges(t *testing.T) {
	s := open(t, pack.NewMemory(nil), pack.Options{})
	loc := put(t, lease(t, s), 1, 100)
	for name, c := range map[string]struct {
		loc  pack.Location
		off  int64
		n    int
		want error
	}{
		"no such pack":      {pack.Location{Pack: 99, Offset: 80, Length: 10}, 0, 10, pack.ErrNotFound},
		"behind the data":   {loc, 90, 11, io.EOF},
		"before the data":   {loc, -1, 1, io.EOF},
		"other length":      {pack.Location{Pack: loc.Pack, Offset: loc.Offset, Length: 99}, 0, 99, pack.ErrCorrupt},
		"other offset":      {pack.Location{Pack: loc.Pack, Offset: loc.Offset - 1, Length: 100}, 0, 9, pack.ErrCorrupt},
		"behind the pack":   {pack.Location{Pack: loc.Pack, Offset: 1 << 40, Length: 100}, 0, 9, pack.ErrCorrupt},
		"in the header":     {pack.Location{Pack: loc.Pack, Offset: 3, Length: 100}, 0, 9, pack.ErrCorrupt},
		"negative":          {pack.Location{Pack: loc.Pack, Offset: -3, Length: 100}, 0, 9, pack.ErrCorrupt},
		"larger than all":   {pack.Location{Pack: loc.Pack, Offset: 1 << 20, Length: 1 << 31}, 0, 9, pack.ErrCorrupt},
		"empty, of nothing": {pack.Location{Pack: loc.Pack, Offset: 1 << 20}, 0, 0, pack.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.ReadAt(c.loc, make([]byte, c.n), c.off); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestRecordSizes: what is empty or too large is refused.
func TestRecordSizes(t *testing.T) {
	s := open(t, pack.NewMemory(nil), pack.Options{})
	w := lease(t, s)
	for _, n := range []int{0, pack.MaxRecord + 1} {
		if _, err := w.Append(schema.Hash{}, make([]byte, n)); !errors.Is(err, pack.ErrTooLarge) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
	if n := len(s.Packs()); n != 0 {
		t.Errorf("%d packs were made for nothing", n)
	}
}

// TestCorruption: each byte of a record, its head included, is covered by a checksum, and an error names the pack.
func TestCorruption(t *testing.T) {
	mem := pack.NewMemory(nil)
	s := open(t, mem, pack.Options{})
	w := lease(t, s)
	const n = 2*pack.BlockSize + 500
	loc := put(t, w, 1, n)
	if err := s.Sync(t.Context(), loc.Pack); err != nil {
		t.Fatal(err)
	}
	start := int64(32)
	for off := start; off < loc.Offset+n; off += 1 + off%97*5 {
		after := mem.Crash(nil)
		after.Corrupt("0000000000000001.pack", off)
		bad := open(t, after, pack.Options{})
		err := bad.ReadAt(loc, make([]byte, n), 0)
		var where *pack.CorruptError
		if !errors.As(err, &where) || where.Pack != loc.Pack {
			t.Fatalf("byte %d: got %v", off, err)
		}
		if _, err := bad.Verify(loc); !errors.Is(err, pack.ErrCorrupt) {
			t.Fatalf("byte %d: Verify = %v", off, err)
		}
	}
}

// TestChecksTailsOnce: the last block of a record, which is hardly ever full, is remembered as well, and apart from those of the
// records beside it; but for records so short that they could not be told apart.
func TestChecksTailsOnce(t *testing.T) {
	const full = pack.BlockSize + 100
	for _, sizes := range [][]int{{full, full, full}, {full, 2*pack.BlockSize - 1, full}, {full, 500, full}, {full, pack.BlockSize, 300, full}} {
		for read := range sizes {
			mem := pack.NewMemory(nil)
			s := open(t, mem, pack.Options{})
			w := lease(t, s)
			var locs []pack.Location
			for i, n := range sizes {
				locs = append(locs, put(t, w, uint64(i), n))
			}
			if err := s.ReadAt(locs[read], make([]byte, sizes[read]), 0); err != nil {
				t.Fatal(err)
			}
			for i, n := range sizes {
				mem.Corrupt("0000000000000001.pack", locs[i].Offset+int64(n)-1)
				err := s.ReadAt(locs[i], make([]byte, 1), int64(n)-1)
				if i == read && n >= pack.BlockSize {
					if err != nil {
						t.Errorf("sizes %v: the end of record %d was checked, and is checked again: %v", sizes, i, err)
					}
				} else if !errors.Is(err, pack.ErrCorrupt) {
					t.Errorf("sizes %v, with record %d read: the bad end of record %d is read: %v", sizes, read, i, err)
				}
			}
		}
	}
}

// TestChecksOnce: a block is checked at its first read only, a range only by its own blocks.
func TestChecksOnce(t *testing.T) {
	mem := pack.NewMemory(nil)
	s := open(t, mem, pack.Options{})
	loc := put(t, lease(t, s), 1, 3*pack.BlockSize)
	p := make([]byte, 10)
	if err := s.ReadAt(loc, p, 0); err != nil {
		t.Fatal(err)
	}
	mem.Corrupt("0000000000000001.pack", loc.Offset)
	mem.Corrupt("0000000000000001.pack", loc.Offset+2*pack.BlockSize)
	if err := s.ReadAt(loc, p, 0); err != nil {
		t.Errorf("a block that was checked is checked again: %v", err)
	}
	if err := s.ReadAt(loc, p, pack.BlockSize); err != nil {
		t.Errorf("a sound block suffers from its neighbours: %v", err)
	}
	if err := s.ReadAt(loc, p, 2*pack.BlockSize+100); !errors.Is(err, pack.ErrCorrupt) {
		t.Errorf("a bad block is read: %v", err)
	}
	if _, err := s.Verify(loc); !errors.Is(err, pack.ErrCorrupt) {
		t.Errorf("Verify trusts what was checked before: %v", err)
	}
}

// TestPool: Writers hold different packs, a released one is used again, full ones and those of earlier runs never.
func TestPool(t *testing.T) {
	mem := pack.NewMemory(nil)
	s := open(t, mem, pack.Options{MaxSize: 100 << 10, Idle: 1})
	w1, w2 := lease(t, s), lease(t, s)
	a, b := put(t, w1, 1, 1000), put(t, w2, 2, 1000)
	if a.Pack == b.Pack {
		t.Error("two Writers share a pack")
	}
	w1.Release()
	w2.Release()
	w2.Release()
	w3 := lease(t, s)
	if c := put(t, w3, 3, 1000); c.Pack != a.Pack {
		t.Errorf("the open pack %d is not used again, but %d", a.Pack, c.Pack)
	}
	if _, err := w1.Append(fill(1, 10)); !errors.Is(err, pack.ErrClosed) {
		t.Errorf("append after release: %v", err)
	}
	first, big := put(t, w3, 4, 60<<10), put(t, w3, 5, 60<<10)
	if first.Pack == big.Pack {
		t.Error("a pack grows over its size")
	}
	if d := put(t, w3, 6, 200<<10); d.Pack == big.Pack {
		t.Error("a large record goes into a pack that is in use")
	}
	sealed := map[uint64]bool{}
	for _, p := range s.Packs() {
		sealed[p.ID] = p.Sealed
	}
	if !sealed[a.Pack] || !sealed[b.Pack] || !sealed[big.Pack] {
		t.Errorf("sealed: %v", sealed)
	}
	if err := s.Sync(t.Context(), a.Pack, b.Pack, big.Pack); err != nil {
		t.Fatal(err)
	}
	next := open(t, mem.Crash(nil), pack.Options{})
	check(t, next, big, 5, 60<<10)
	e := put(t, lease(t, next), 7, 10)
	for _, p := range s.Packs() {
		if e.Pack == p.ID {
			t.Errorf("pack %d of an earlier run is appended to", e.Pack)
		}
	}
}

// TestSection: the kernel gets the right bytes of a real file, and the file stays open while the section is held.
func TestSection(t *testing.T) {
	dir := t.TempDir()
	s := open(t, pack.DirOf(t, dir), pack.Options{Handles: 1})
	loc := put(t, lease(t, s), 1, 50000)
	_, want := fill(1, 50000)
	sec, ok, err := s.Section(loc, 20000, 5000)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5000)
	if _, err := sec.File.ReadAt(got, sec.Offset); err != nil || !bytes.Equal(got, want[20000:25000]) {
		t.Errorf("section is wrong: %v", err)
	}
	sec.Release()
	if _, err := sec.File.ReadAt(got, sec.Offset); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file outlives store and section: %v", err)
	}
	again := open(t, pack.DirOf(t, dir), pack.Options{})
	flip(t, filepath.Join(dir, "0000000000000001.pack"), loc.Offset+20000)
	if _, _, err := again.Section(loc, 20000, 5000); !errors.Is(err, pack.ErrCorrupt) {
		t.Errorf("a bad block is sent: %v", err)
	}
	if _, _, err := again.Section(loc, 49000, 2000); !errors.Is(err, io.EOF) {
		t.Errorf("behind the end: %v", err)
	}
	inMemory := open(t, pack.NewMemory(nil), pack.Options{})
	if _, ok, err := inMemory.Section(put(t, lease(t, inMemory), 1, 10), 0, 10); ok || err != nil {
		t.Errorf("a file in memory is sent: %v %v", ok, err)
	}
}

func flip(t *testing.T, name string, off int64) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

// TestHandles: a small cache of open files serves many packs and many readers.
func TestHandles(t *testing.T) {
	s := open(t, pack.DirOf(t, t.TempDir()), pack.Options{MaxSize: 1, Handles: 2})
	w := lease(t, s)
	var locs []pack.Location
	var ids []uint64
	for i := range 20 {
		locs = append(locs, put(t, w, uint64(i), 20000))
		ids = append(ids, locs[i].Pack)
	}
	if err := s.Sync(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 100 {
				n := (i*7 + g) % len(locs)
				_, want := fill(uint64(n), 20000)
				got := make([]byte, 20000)
				if err := s.ReadAt(locs[n], got, 0); err != nil || !bytes.Equal(got, want) {
					t.Errorf("record %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestClosed: everything fails with ErrClosed after Close.
func TestClosed(t *testing.T) {
	s := open(t, pack.DirOf(t, t.TempDir()), pack.Options{})
	w := lease(t, s)
	loc := put(t, w, 1, 10)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, leaseErr := s.Lease(t.Context())
	_, appendErr := w.Append(fill(1, 10))
	_, verifyErr := s.Verify(loc)
	_, _, sectionErr := s.Section(loc, 0, 1)
	for name, err := range map[string]error{
		"lease": leaseErr, "append": appendErr, "verify": verifyErr, "section": sectionErr,
		"read": s.ReadAt(loc, make([]byte, 1), 0), "sync": s.Sync(t.Context(), loc.Pack), "close": s.Close(),
		"scan": s.Scan(t.Context(), loc.Pack, nil),
	} {
		if !errors.Is(err, pack.ErrClosed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	w.Release()
}

// TestCanceled: a context that is done keeps a call from starting.
func TestCanceled(t *testing.T) {
	s := open(t, pack.NewMemory(nil), pack.Options{})
	loc := put(t, lease(t, s), 1, 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, leaseErr := s.Lease(ctx)
	for name, err := range map[string]error{
		"lease": leaseErr, "sync": s.Sync(ctx, loc.Pack),
		"scan": s.Scan(ctx, loc.Pack, func(schema.Hash, pack.Location) error { return nil }),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
