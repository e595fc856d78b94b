package cas

import (
	"bytes"
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// movedPacks are packs of which one is gone, or damaged: reads of it fail with err.
type movedPacks struct {
	packs
	gone uint64
	err  error
}

func (m *movedPacks) ReadAt(loc pack.Location, p []byte, off int64) error {
	if loc.Pack == m.gone {
		return m.err
	}
	return m.packs.ReadAt(loc, p, off)
}

// TestPlaces: where a chunk was found is remembered, and is looked up again when it is there no more or is damaged.
func TestPlaces(t *testing.T) {
	for _, cause := range []error{pack.ErrNotFound, pack.ErrCorrupt} {
		b := newBench(t)
		moved := &movedPacks{packs: b.Store.packs, err: cause}
		b.Store.packs = moved
		data := noise[:100_000]
		c := b.ingest(t, data)
		b.commit(t)
		got := make([]byte, len(data))
		read := func() error {
			clear(got)
			_, err := b.Open(c).ReadAt(got, 0)
			return err
		}
		if err := read(); err != nil || !bytes.Equal(got, data) {
			t.Fatal(err)
		}
		var chunks []Extent
		for e, err := range b.Chunks(ctx, c) {
			if err != nil {
				t.Fatal(err)
			}
			chunks = append(chunks, e)
		}
		// Each chunk is copied to another pack, and its row points there.
		w, err := b.Store.packs.Lease(ctx)
		if err != nil {
			t.Fatal(err)
		}
		other, err := b.Store.packs.Lease(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var rows []kv.Row
		for _, e := range chunks {
			known, ok := b.places.get(e.Hash)
			if !ok {
				t.Fatalf("the place of chunk %v is not remembered", e.Hash)
			}
			moved.gone = known.(pack.Location).Pack
			loc, err := w.Append(e.Hash, data[e.Offset:e.Offset+e.Size])
			if err == nil && loc.Pack == moved.gone {
				loc, err = other.Append(e.Hash, data[e.Offset:e.Offset+e.Size])
			}
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, RowOf(e.Hash, loc))
		}
		if err := read(); err == nil {
			t.Error("what is gone is read")
		}
		if err := b.rows.Commit(ctx, kv.Batch{Puts: rows}); err != nil {
			t.Fatal(err)
		}
		if err := read(); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%v: what has moved is not found: %v", cause, err)
		}
		// Without rows it is found all the same, where it was last.
		var keys [][]byte
		for _, e := range chunks {
			keys = append(keys, schema.ChunkKey(e.Hash))
		}
		if err := b.rows.Commit(ctx, kv.Batch{Deletes: keys}); err != nil {
			t.Fatal(err)
		}
		if err := read(); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%v: the new place is not remembered: %v", cause, err)
		}
		w.Release()
		other.Release()
	}
}
