package tree

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// TestMarks pins the numbers that decide where nodes end.
func TestMarks(t *testing.T) {
	for _, tt := range []struct {
		key   string
		level int
		mark  uint32
		mix   uint64
	}{
		{"", 0, 0xef46db37, 0x231806eec3349fbc},
		{"a", 0, 0xd24ec4f1, 0xe51bc873bb4e562},
		{"a", 1, 0xd24ec4f1, 0xfc67c4c2eccb93b0},
		{"directory/", 3, 0xf95433ed, 0xe396a5a9461d43d7},
	} {
		m := mark(tt.key)
		if x := mix(m, tt.level); m != tt.mark || x != tt.mix {
			t.Errorf("%q at level %d: {%#x, %#x}, want {%#x, %#x}", tt.key, tt.level, m, x, tt.mark, tt.mix)
		}
	}
}

// TestNodeSizes has nodes of the size that they are meant to have, at each level.
func TestNodeSizes(t *testing.T) {
	for level := range 3 {
		c := cutter{level: level}
		const total = 200_000
		ends, forced, run := 0, 0, 0
		for i := range total {
			it := item{mark: mark(fmt.Sprintf("file-%d", i))}
			run++
			if !c.ends(&it) {
				continue
			}
			if run < minItems || run > maxItems {
				t.Fatalf("level %d: a node of %d items", level, run)
			}
			if run == maxItems {
				forced++
			}
			ends++
			run = 0
		}
		if mean := total / ends; mean < meanItems-4 || mean > meanItems+4 {
			t.Errorf("level %d: %d items on average", level, mean)
		}
		if forced*50 > ends {
			t.Errorf("level %d: %d of %d nodes had to be cut", level, forced, ends)
		}
	}
}

// noRows is a source of nothing.
type noRows struct{}

func (noRows) Node(context.Context, schema.Hash) ([]byte, error) { return nil, kv.ErrNotFound }

// TestHostileNames fills directories with names that never end a node by themselves, and with metadata that is as
// large as can be: rows stay small enough to be stored, and the result is canonical.
func TestHostileNames(t *testing.T) {
	large := &schema.Meta{Xattrs: map[string][]byte{"user.x": make([]byte, schema.MaxEntry-1000)}}
	middling := &schema.Meta{User: map[string]string{"k": string(make([]byte, 2000))}}
	for _, tt := range []struct {
		name  string
		files int
		meta  *schema.Meta
	}{{"names", 5000, nil}, {"large metadata", 100, large}, {"metadata", 1000, middling}} {
		t.Run(tt.name, func(t *testing.T) {
			var puts []Entry
			for i := 0; len(puts) < tt.files; i++ {
				// The longest names there are, where there are many.
				name := fmt.Sprintf("%0*d", min(schema.MaxName, 200+i), i)
				if mix(mark(name), 0) < cutBelow {
					continue
				}
				puts = append(puts, Entry{Entry: schema.Entry{Name: name, Kind: schema.KindFile, Meta: tt.meta}})
			}
			s := New(noRows{}, 1<<20)
			want := hostileRoot(t, s, puts, 1<<30)
			const seed = 11
			rnd := rand.New(rand.NewPCG(seed, 0))
			rnd.Shuffle(len(puts), func(i, j int) { puts[i], puts[j] = puts[j], puts[i] })
			if got := hostileRoot(t, s, puts, 1+len(puts)/10); got != want {
				t.Errorf("seed %d: root %s, want %s", seed, got, want)
			}
		})
	}
}

// hostileRoot puts entries in, so many at a time, and returns the root.
func hostileRoot(t *testing.T, s *Store, puts []Entry, batch int) schema.Hash {
	t.Helper()
	d := s.Empty()
	for len(puts) > 0 {
		n := min(len(puts), batch)
		var err error
		if d, err = d.With(t.Context(), puts[:n], nil); err != nil {
			t.Fatal(err)
		}
		puts = puts[n:]
	}
	saved, err := s.Save(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range saved.Rows {
		if len(row.Value) > kv.MaxValue || row.Size() > maxWeight+schema.MaxEntry+1000 {
			t.Errorf("a row of %d bytes", row.Size())
		}
	}
	return saved.Roots[0]
}
