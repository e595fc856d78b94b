package tree_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

func files(n int) []tree.Entry {
	puts := make([]tree.Entry, n)
	for i := range puts {
		puts[i] = file(fmt.Sprintf("file-%d", i), i)
	}
	return puts
}

// TestSaveAgain drops what Save made, as after a commit that failed: the next one makes the same, and the directory is
// unsaved in between.
func TestSaveAgain(t *testing.T) {
	r := newRows()
	s := tree.New(r, 1<<20)
	d := with(t, s.Empty(), files(500))
	first, err := s.Save(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Root(); ok {
		t.Error("saved, though nothing was committed")
	}
	// Some rows may have been written all the same.
	row := first.Rows[0]
	r.rows[string(row.Key)] = row.Value
	second, err := s.Save(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	same := func(a, b kv.Row) bool { return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) }
	if first.Roots[0] != second.Roots[0] || !slices.EqualFunc(first.Rows[1:], second.Rows, same) {
		t.Error("the second Save makes other rows")
	}
	r.commit(t, s, d)
	if third, err := s.Save(t.Context(), d); err != nil || len(third.Rows) != 0 || third.Roots[0] != first.Roots[0] {
		t.Errorf("a saved directory is saved in %d rows, %v", len(third.Rows), err)
	}
}

// TestSaveShared saves a directory that stands in two places, and equal ones, once.
func TestSaveShared(t *testing.T) {
	r := newRows()
	s := tree.New(r, 1<<20)
	sub := with(t, s.Empty(), files(10))
	puts := make([]tree.Entry, 3)
	for i := range puts {
		puts[i].Name, puts[i].Kind, puts[i].Sub = fmt.Sprintf("dir-%d", i), schema.KindDir, sub
	}
	puts[2].Sub = with(t, s.Empty(), files(10))
	a, b := with(t, s.Empty(), puts), with(t, s.Empty(), puts[:2])
	roots := r.commit(t, s, a, b, s.Empty())
	if len(r.rows) != 3 || !roots[2].IsZero() {
		t.Errorf("%d rows, roots %v", len(r.rows), roots)
	}
	e, _, err := a.Get(t.Context(), "dir-2")
	if root, ok := sub.Root(); err != nil || !ok || e.Root != root || e.Totals.Files != 10 {
		t.Errorf("entry has root %s and totals %+v, %v", e.Root, e.Totals, err)
	}
}

// TestSaveVersions saves a version and its successor together: what both have is written once.
func TestSaveVersions(t *testing.T) {
	r := newRows()
	s := tree.New(r, 1<<20)
	a := with(t, s.Empty(), files(1000))
	b := with(t, a, []tree.Entry{file("file-7", 8)})
	saved, err := s.Save(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	first := len(saved.Rows)
	root, err := saved.Add(t.Context(), b)
	if err != nil || len(saved.Rows) != first+2 || root != saved.Roots[1] || root != saved.Root(b) {
		t.Errorf("%d rows, then %d; roots %v, %v", first, len(saved.Rows), saved.Roots, err)
	}
	if again, err := saved.Add(t.Context(), a); err != nil || again != saved.Roots[0] || len(saved.Rows) != first+2 {
		t.Errorf("%d rows, root %v, %v", len(saved.Rows), again, err)
	}
}

// TestDeltaChains makes many versions, goes back to earlier ones, and reads each by itself, with an empty cache. No chain
// of bases is longer than five, and none goes in a circle, which the limit would show too.
func TestDeltaChains(t *testing.T) {
	const versions = 150
	r := newRows()
	s := tree.New(r, 1<<20)
	d := with(t, s.Empty(), files(300))
	type version struct {
		dir  *tree.Dir
		root schema.Hash
	}
	var made []version
	for i := range versions {
		made = append(made, version{d, r.commit(t, s, d)[0]})
		if i%20 == 19 {
			d = made[i/2].dir
		}
		d = with(t, d, []tree.Entry{file(fmt.Sprintf("file-%d", i%7), i%50)})
	}
	deltas, longest := 0, 0
	for key, value := range r.rows {
		depth := 0
		row, err := schema.DecodeNodeRow(value)
		for ; err == nil && !row.IsWhole(); depth++ {
			row, err = schema.DecodeNodeRow(r.rows[string(schema.NodeKey(row.Base))])
		}
		if err != nil {
			t.Fatalf("%x: %v", key, err)
		}
		deltas += min(depth, 1)
		longest = max(longest, depth)
	}
	if longest > 5 || deltas < len(r.rows)/2 {
		t.Errorf("%d of %d rows are deltas, the longest chain has %d", deltas, len(r.rows), longest)
	}
	for i, v := range made {
		cold := tree.New(r, 0).Load(v.root, v.dir.Totals())
		want := list(t, v.dir, "")
		got := list(t, cold, "")
		if !slices.EqualFunc(got, want, func(a, b tree.Entry) bool { return a.Entry.Equal(&b.Entry) }) {
			t.Fatalf("version %d is another when it is read", i)
		}
	}
}

// TestInvalidEntry puts nothing that cannot be stored.
func TestInvalidEntry(t *testing.T) {
	s := tree.New(newRows(), 1<<20)
	bad := file("a/b", 1)
	if _, err := s.Empty().With(t.Context(), []tree.Entry{file("good", 1), bad}, nil); !errors.Is(err, schema.ErrInvalid) {
		t.Errorf("error %v", err)
	}
}

// TestOneNameOneKind replaces a file by a directory of its name and the reverse, also within one change.
func TestOneNameOneKind(t *testing.T) {
	s := tree.New(newRows(), 1<<20)
	dir := tree.Entry{Sub: with(t, s.Empty(), files(3))}
	dir.Name, dir.Kind = "a", schema.KindDir
	d := with(t, s.Empty(), []tree.Entry{file("a", 1), file("a!", 2)})
	for i, puts := range [][]tree.Entry{{dir}, {file("a", 3)}, {file("a", 4), dir}, {dir, file("a", 5)}} {
		d = with(t, d, puts)
		last := puts[len(puts)-1]
		got, ok, err := d.Get(t.Context(), "a")
		if n, _ := d.Len(t.Context()); err != nil || !ok || got.Kind != last.Kind || n != 2 {
			t.Errorf("step %d: %+v, %v, %v, of %d entries", i, got.Entry, ok, err, n)
		}
	}
	if d = with(t, d, nil, "a", "a!", "never there"); !d.IsEmpty() {
		t.Error("not empty")
	}
}
