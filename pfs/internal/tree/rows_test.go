package tree_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// rows is a Source in memory.
type rows struct {
	// mu guards all below.
	mu   sync.Mutex
	rows map[string][]byte
	// reads counts the calls of Node, and written the bytes of the rows put in.
	reads, written int
}

func newRows() *rows { return &rows{rows: make(map[string][]byte)} }

func (r *rows) Node(_ context.Context, h schema.Hash) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	row, ok := r.rows[string(schema.NodeKey(h))]
	if !ok {
		return nil, fmt.Errorf("node %s: %w", h, kv.ErrNotFound)
	}
	return row, nil
}

// commit saves dirs and puts their rows in, each at most once ever.
func (r *rows) commit(t testing.TB, s *tree.Store, dirs ...*tree.Dir) []schema.Hash {
	t.Helper()
	saved, err := s.Save(t.Context(), dirs...)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range saved.Rows {
		if _, ok := r.rows[string(row.Key)]; ok {
			t.Fatalf("row %x is written twice", row.Key)
		}
		r.rows[string(row.Key)] = row.Value
		r.written += row.Size()
	}
	saved.Commit()
	return saved.Roots
}

func with(t testing.TB, d *tree.Dir, puts []tree.Entry, removes ...string) *tree.Dir {
	t.Helper()
	d, err := d.With(t.Context(), puts, removes)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func file(name string, n int) tree.Entry {
	var e tree.Entry
	e.Name, e.Kind, e.Mode = name, schema.KindFile, 0o644
	e.Mtime = 1_700_000_000_000_000_000 + int64(n)*1_000_003
	e.Ctime, e.Btime = e.Mtime, e.Mtime
	e.Content = schema.Content{Size: int64(n % 10_000), Kind: schema.RootChunk}
	for i := range e.Content.Hash {
		e.Content.Hash[i] = byte((n*2654435761 + i*40503) >> (i % 13))
	}
	e.Content.Root = e.Content.Hash
	return e
}

func list(t testing.TB, d *tree.Dir, from string) []tree.Entry {
	t.Helper()
	var all []tree.Entry
	for e, err := range d.All(t.Context(), from) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}
