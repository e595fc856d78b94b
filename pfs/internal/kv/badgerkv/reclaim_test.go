package badgerkv_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
)

// TestReclaim deletes most rows while others are written and read: the room comes back, nothing else changes.
func TestReclaim(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{Reserve: 1 << 20})
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, seed))
	value := func(n int) []byte {
		v := make([]byte, n)
		for i := range v {
			v[i] = byte(rng.Uint32())
		}
		return v
	}
	key := func(i int) []byte { return binary.BigEndian.AppendUint32([]byte{'k'}, uint32(i)) }
	const rows = 6000
	keep := map[int][]byte{}
	var all []kv.Row
	for i := range rows {
		v := value(8 << 10)
		all = append(all, kv.Row{Key: key(i), Value: v})
		if i%100 == 0 {
			keep[i] = v
		}
	}
	if err := s.Put(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	var b kv.Batch
	for i := range rows {
		if keep[i] == nil {
			b.Deletes = append(b.Deletes, key(i))
		}
	}
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	before := s.Size()
	var stop atomic.Bool
	var written int
	var wg sync.WaitGroup
	wg.Go(func() {
		for ; !stop.Load(); written++ {
			row := kv.Row{Key: binary.BigEndian.AppendUint32([]byte{'w'}, uint32(written)), Value: []byte("x")}
			if err := s.Commit(t.Context(), kv.Batch{Puts: []kv.Row{row}}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 2 {
		if err := s.Reclaim(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	wg.Wait()
	if got := s.Size(); got > 4<<20 || got > before {
		t.Errorf("%d bytes before, %d after", before, got)
	}
	check := func() {
		t.Helper()
		err := s.View(t.Context(), func(r kv.Reader) error {
			n := 0
			for row, err := range r.Scan([]byte("k"), nil, false) {
				if err != nil {
					return err
				}
				n++
				if i := int(binary.BigEndian.Uint32(row.Key[1:])); string(keep[i]) != string(row.Value) {
					t.Errorf("row %d is wrong", i)
				}
			}
			if n != len(keep) {
				t.Errorf("%d rows, want %d", n, len(keep))
			}
			for i := range written {
				if _, err := r.Get(binary.BigEndian.AppendUint32([]byte{'w'}, uint32(i))); err != nil {
					t.Errorf("row %d that was written meanwhile: %v", i, err)
				}
			}
			if _, err := r.Get([]byte{0}); !errors.Is(err, kv.ErrNotFound) {
				t.Errorf("%v", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	check()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, badgerkv.Options{})
	check()
}

// TestVain deletes most rows and ends before their room is given back: that they are in vain is known after the next start, until
// it has been given back.
func TestVain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{Reserve: 1 << 20})
	const rounds, rows, size = 20, 100, 4 << 10
	for i := range rounds {
		b := batch(i, rows, size)
		for j := range b.Puts {
			b.Puts[j].Key = append(b.Puts[j].Key, byte(i))
		}
		if err := s.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			continue
		}
		var gone kv.Batch
		for _, row := range b.Puts {
			gone.Deletes = append(gone.Deletes, row.Key)
		}
		if err := s.Commit(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, badgerkv.Options{Reserve: 1 << 20})
	vain, all, err := s.Vain(t.Context())
	if err != nil || vain < all*8/10 || all < rounds*rows*size/2 {
		t.Errorf("%d of %d bytes are in vain, %v", vain, all, err)
	}
	if err := s.Reclaim(t.Context()); err != nil {
		t.Fatal(err)
	}
	vain, all, err = s.Vain(t.Context())
	if err != nil || vain > all/10 || all > 2*rows*size {
		t.Errorf("then %d of %d bytes are in vain, %v", vain, all, err)
	}
}
