package pack_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// scan returns the places of the records of a pack.
func scan(t *testing.T, s *pack.Store, id uint64) ([]pack.Location, error) {
	t.Helper()
	var locs []pack.Location
	err := s.Scan(t.Context(), id, func(hash schema.Hash, loc pack.Location) error {
		if h, err := s.Verify(loc); err == nil && h != hash {
			t.Errorf("%v: Scan says %v, Verify %v", loc, hash, h)
		}
		locs = append(locs, loc)
		return nil
	})
	return locs, err
}

// TestScan finds all records of a pack, also of one that is being appended to.
func TestScan(t *testing.T) {
	s := open(t, pack.NewMemory(nil), pack.Options{})
	w := lease(t, s)
	var want []pack.Location
	for i := range 30 {
		want = append(want, put(t, w, uint64(i), 1+i*i*300))
	}
	got, err := scan(t, s, want[0].Pack)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	mine := errors.New("mine")
	n := 0
	err = s.Scan(t.Context(), want[0].Pack, func(schema.Hash, pack.Location) error { n++; return mine })
	if err != mine || n != 1 {
		t.Errorf("after %d calls: %v", n, err)
	}
	if _, err := scan(t, s, 99); !errors.Is(err, pack.ErrNotFound) {
		t.Errorf("no such pack: %v", err)
	}
}

// TestScanTornEnd cuts the power while records are being written: what was synced is found whole, of the rest any part may
// be, and nothing that was never written.
func TestScanTornEnd(t *testing.T) {
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, seed))
	mem := pack.NewMemory(nil)
	s := open(t, mem, pack.Options{})
	w := lease(t, s)
	var synced, all []pack.Location
	for i := range 40 {
		all = append(all, put(t, w, uint64(i), 1+rng.IntN(100_000)))
		if rng.IntN(3) == 0 {
			if err := s.Sync(t.Context(), all[0].Pack); err != nil {
				t.Fatal(err)
			}
			synced = slices.Clone(all)
		}
		if len(synced) == 0 {
			continue
		}
		after := open(t, mem.Crash(func(n int) int { return rng.IntN(n + 1) }), pack.Options{})
		got, err := scan(t, after, all[0].Pack)
		if err != nil {
			t.Fatalf("seed %d, record %d: %v", seed, i, err)
		}
		if len(got) < len(synced) || !slices.Equal(got, all[:len(got)]) {
			t.Fatalf("seed %d, record %d: found %d records, %d were synced", seed, i, len(got), len(synced))
		}
		for _, loc := range synced {
			if _, err := after.Verify(loc); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestScanDamage: a head that is damaged costs its own record only, and is reported.
func TestScanDamage(t *testing.T) {
	for _, at := range []int64{0, 5, 41, 60, 100} {
		mem := pack.NewMemory(nil)
		s := open(t, mem, pack.Options{})
		w := lease(t, s)
		var locs []pack.Location
		for i := range 5 {
			locs = append(locs, put(t, w, uint64(i), 600_000))
		}
		if err := s.Sync(t.Context(), locs[0].Pack); err != nil {
			t.Fatal(err)
		}
		after := mem.Crash(nil)
		after.Corrupt("0000000000000001.pack", locs[1].Offset+int64(locs[1].Length)+at)
		got, err := scan(t, open(t, after, pack.Options{}), locs[0].Pack)
		var where *pack.CorruptError
		if !errors.As(err, &where) || where.Offset != locs[1].Offset+int64(locs[1].Length) {
			t.Errorf("byte %d: got %v", at, err)
		}
		if want := slices.Delete(slices.Clone(locs), 2, 3); !slices.Equal(got, want) {
			t.Errorf("byte %d: got %v, want %v", at, got, want)
		}
	}
}

// TestPackInPack: the bytes of a pack, stored as the data of a record, are not taken for records, wherever a search begins.
func TestPackInPack(t *testing.T) {
	inner := golden(t)
	mem := pack.NewMemory(nil)
	s := open(t, mem, pack.Options{})
	w := lease(t, s)
	loc, err := w.Append(schema.Hash{1}, inner)
	if err != nil {
		t.Fatal(err)
	}
	next := put(t, w, 1, 100)
	if err := s.Sync(t.Context(), loc.Pack); err != nil {
		t.Fatal(err)
	}
	after := mem.Crash(nil)
	after.Corrupt("0000000000000001.pack", 32)
	got, err := scan(t, open(t, after, pack.Options{}), loc.Pack)
	if !errors.Is(err, pack.ErrCorrupt) || !slices.Equal(got, []pack.Location{next}) {
		t.Errorf("got %v, %v", got, err)
	}
}

// golden returns the bytes of a pack with records of 1, 16384 and 40000 bytes, as this code writes them.
func golden(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	s := open(t, pack.DirOf(t, dir), pack.Options{})
	w := lease(t, s)
	for i, n := range []int{1, pack.BlockSize, 40000} {
		hash := schema.Hash{byte(i), 0xaa}
		if _, err := w.Append(hash, bytes.Repeat([]byte{'a' + byte(i)}, n)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := os.ReadFile(filepath.Join(dir, "0000000000000001.pack"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestGolden pins the bytes of format version 1, and that they can be read.
func TestGolden(t *testing.T) {
	name := filepath.Join("testdata", "v1.pack")
	got := golden(t)
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the bytes of a pack have changed: that takes a new version of the format")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "0000000000000001.pack"), want, 0o600); err != nil {
		t.Fatal(err)
	}
	locs, err := scan(t, open(t, pack.DirOf(t, dir), pack.Options{}), 1)
	text := fmt.Sprint(locs)
	if err != nil || text != "[0000000000000001.pack@80+1 0000000000000001.pack@129+16384 0000000000000001.pack@16569+40000]" {
		t.Errorf("records of the golden pack: %s, %v", text, err)
	}
}

// TestOpenDirectory: strange names are left alone, packs without records removed, headers that are wrong reported.
func TestOpenDirectory(t *testing.T) {
	sound := golden(t)
	other := bytes.Clone(sound)
	other[11] = 2
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"0000000000000001.pack": sound, "0000000000000002.pack": sound, "0000000000000003.pack": other,
		"0000000000000004.pack": sound[:32], "00000000000000ff.pack": nil, "0000000000000005.tmp": sound, "README": nil,
		"000000000000000A.pack": sound, "6.pack": sound,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, pack.DirOf(t, dir), pack.Options{})
	var ids []uint64
	for _, p := range s.Packs() {
		ids = append(ids, p.ID)
		_, err := scan(t, s, p.ID)
		if (p.ID == 1) != (err == nil) || err != nil && !errors.Is(err, pack.ErrCorrupt) {
			t.Errorf("pack %d: %v", p.ID, err)
		}
	}
	if !slices.Equal(ids, []uint64{1, 2, 3}) {
		t.Errorf("packs: %v", ids)
	}
	if loc := put(t, lease(t, s), 1, 10); loc.Pack != 256 {
		t.Errorf("the next pack is %d", loc.Pack)
	}
	if _, err := os.Stat(filepath.Join(dir, "README")); err != nil {
		t.Error(err)
	}
}
