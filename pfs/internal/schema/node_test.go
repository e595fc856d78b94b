package schema_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pfsd/pfs/internal/schema"
)

// nodes has a leaf with every kind of entry, one with entries that have births, one of many like entries, and a node above.
func nodes() map[string]*schema.Node {
	kinds, born := &schema.Node{}, &schema.Node{}
	for name, e := range entries() {
		if e.Name == "" {
			continue
		}
		e.Name = name
		if e.Kind != schema.KindFifo {
			e.Changed = schema.Change{Commit: id(byte(len(name))), Gen: uint64(len(name) / 2)}
		}
		if e.Birth != 0 {
			born.Entries = append(born.Entries, e)
		} else {
			kinds.Entries = append(kinds.Entries, e)
		}
	}
	for _, n := range []*schema.Node{kinds, born} {
		slices.SortFunc(n.Entries, (*schema.Entry).CompareKeys)
	}
	like := &schema.Node{}
	for i := range 5 {
		e := *entries()["file-chunk"]
		e.Name = fmt.Sprintf("file-%03d", i)
		like.Entries = append(like.Entries, &e)
	}
	above := &schema.Node{Level: 1}
	for i := range 3 {
		above.Children = append(above.Children, schema.Child{
			Key: fmt.Sprintf("key-%d/", i), Hash: hash(byte(i + 1)), Count: 64,
			Totals: schema.Totals{Files: uint64(i) * 100, Dirs: 1, Bytes: 1 << 30},
		})
	}
	return map[string]*schema.Node{"kinds": kinds, "born": born, "like": like, "above": above}
}

func TestNodesAreAsInFormat1(t *testing.T) {
	encodings := map[string][]byte{}
	for name, n := range nodes() {
		b := schema.AppendNode(nil, n)
		encodings[name] = b
		again, err := schema.DecodeNode(b)
		if err != nil || !sameNode(again, n) {
			t.Errorf("%s: decoded is %+v, %v", name, again, err)
		}
		for i := range b {
			if _, err := schema.DecodeNode(b[:i]); !errors.Is(err, schema.ErrMalformed) {
				t.Errorf("%s: its first %d bytes give %v", name, i, err)
			}
		}
	}
	base, next := nodes()["kinds"], nodes()["kinds"]
	next.Entries = slices.Delete(next.Entries, 1, 3)
	changed := *next.Entries[3]
	changed.Mtime++
	next.Entries[3] = &changed
	added := *entries()["socket"]
	added.Name = "added"
	next.Entries = slices.Insert(next.Entries, 0, &added)
	encodings["delta"] = schema.AppendNodeRow(nil,
		&schema.NodeRow{Position: 5, Base: hash(6), Body: schema.AppendDelta(nil, base, next)})
	encodings["whole"] = schema.AppendNodeRow(nil, &schema.NodeRow{Body: encodings["above"]})
	golden(t, "nodes.golden", encodings)
}

func sameNode(a, b *schema.Node) bool {
	return a.Level == b.Level && slices.EqualFunc(a.Entries, b.Entries, (*schema.Entry).Equal) &&
		slices.Equal(a.Children, b.Children)
}

// TestDelta makes one node from another, whatever they are.
func TestDelta(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		level := rapid.Uint8Range(0, 1).Draw(t, "level")
		base, n := drawNode(t, level), drawNode(t, level)
		got, err := schema.ApplyDelta(base, schema.AppendDelta(nil, base, n))
		if err != nil || !sameNode(got, n) {
			t.Fatalf("%+v, %v, want %+v", got, err, n)
		}
	})
}

func drawNode(t *rapid.T, level uint8) *schema.Node {
	n := &schema.Node{Level: level}
	for i := range 12 {
		version := rapid.SampledFrom([]int{-1, 0, 0, 0, 1, 2}).Draw(t, "version")
		switch {
		case version < 0 && i > 0:
		case level > 0:
			n.Children = append(n.Children, schema.Child{
				Key: fmt.Sprintf("%02d", i), Hash: hash(byte(1 + max(version, 0))), Count: uint64(i + 1)})
		default:
			e := *entries()["file-full"]
			e.Name, e.Content.Size = fmt.Sprintf("%02d", i), int64(max(version, 0))*1000
			if version == 2 {
				e.Kind, e.NLink, e.Meta = schema.KindFifo, 0, nil
				e.Content = schema.Content{}
			}
			n.Entries = append(n.Entries, &e)
		}
	}
	return n
}

func FuzzDecodeNode(f *testing.F) {
	for _, n := range nodes() {
		f.Add(schema.AppendNode(nil, n))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := schema.DecodeNode(b)
		if err != nil {
			if !errors.Is(err, schema.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again := schema.AppendNode(nil, n); !bytes.Equal(again, b) {
			t.Fatalf("%x is encoded again as %x", b, again)
		}
	})
}

func FuzzApplyDelta(f *testing.F) {
	all := nodes()
	for _, base := range all {
		for _, n := range all {
			if base.Level == n.Level {
				f.Add(schema.AppendDelta(nil, base, n))
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, base := range all {
			n, err := schema.ApplyDelta(base, b)
			if err != nil {
				if !errors.Is(err, schema.ErrMalformed) {
					t.Fatal(err)
				}
				continue
			}
			// What a delta makes may be out of order, but it can always be encoded, to be held against a hash.
			schema.AppendNode(nil, n)
		}
	})
}

func FuzzDecodeNodeRow(f *testing.F) {
	f.Add(schema.AppendNodeRow(nil, &schema.NodeRow{Body: []byte("node")}))
	f.Add(schema.AppendNodeRow(nil, &schema.NodeRow{Position: 7, Base: hash(1), Body: []byte("delta")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		row, err := schema.DecodeNodeRow(b)
		if err != nil {
			if !errors.Is(err, schema.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again := schema.AppendNodeRow(nil, &row); !bytes.Equal(again, b) {
			t.Fatalf("%x is made again as %x", b, again)
		}
	})
}
