package tree_test

import (
	"fmt"
	"slices"
	"testing"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// TestDiffReadsLittle compares two versions of a large directory with nothing in the cache.
func TestDiffReadsLittle(t *testing.T) {
	const size, changes = 100_000, 5
	r := newRows()
	s := tree.New(r, 1<<28)
	a := with(t, s.Empty(), files(size))
	b := a
	for i := range changes {
		b = with(t, b, []tree.Entry{file(fmt.Sprintf("file-%d", i*size/changes), size+i), file(fmt.Sprintf("new-%d", i), i)})
	}
	b = with(t, b, nil, "file-77")
	roots := r.commit(t, s, a, b)
	all := len(r.rows)
	r.reads = 0
	cold := tree.New(r, 1<<28)
	n := 0
	for d, err := range tree.Diff(t.Context(), cold.Load(roots[0], a.Totals()), cold.Load(roots[1], b.Totals())) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Key == "file-77" && d.New != nil || d.Key[:3] == "new" && d.Old != nil {
			t.Errorf("%q: %+v", d.Key, d)
		}
		n++
	}
	if want := 2*changes + 1; n != want {
		t.Errorf("%d differences, want %d", n, want)
	}
	// Two versions of a leaf for each change, of some nodes above, and the bases of deltas.
	if most := 8 * (2*changes + 1); r.reads > most {
		t.Errorf("%d rows of %d are read, want at most %d", r.reads, all, most)
	}
}

// TestDiffKinds has two deltas for a name whose kind changed, and one for a directory that changed inside.
func TestDiffKinds(t *testing.T) {
	s := tree.New(newRows(), 1<<20)
	dir := func(name string, n int) tree.Entry {
		e := tree.Entry{Sub: with(t, s.Empty(), files(n))}
		e.Name, e.Kind = name, schema.KindDir
		return e
	}
	same := dir("same", 4)
	a := with(t, s.Empty(), []tree.Entry{file("x", 1), dir("changed", 3), same})
	b := with(t, s.Empty(), []tree.Entry{dir("x", 1), dir("changed", 4), same})
	got := ""
	for d, err := range tree.Diff(t.Context(), a, b) {
		if err != nil {
			t.Fatal(err)
		}
		got += fmt.Sprintf("%s %v %v; ", d.Key, d.Old != nil, d.New != nil)
	}
	if want := "changed/ true true; x true false; x/ false true; "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for d, err := range tree.Diff(t.Context(), b, b) {
		t.Errorf("a difference from itself: %+v, %v", d, err)
	}
}

// TestDiffFrom is Diff without what is before a key, from wherever it begins.
func TestDiffFrom(t *testing.T) {
	const size = 2000
	s := tree.New(newRows(), 1<<24)
	a := with(t, s.Empty(), files(size))
	b := a
	for i := range 40 {
		b = with(t, b, []tree.Entry{file(fmt.Sprintf("file-%d", i*size/40), size+i), file(fmt.Sprintf("new-%d", i), i)})
	}
	keys := func(from string) (keys []string) {
		for d, err := range tree.DiffFrom(t.Context(), a, b, from) {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, d.Key)
		}
		return keys
	}
	all := keys("")
	for _, from := range append([]string{"a", "file-15", "file-150x", "z"}, all...) {
		i, _ := slices.BinarySearch(all, from)
		if got := keys(from); !slices.Equal(got, all[i:]) {
			t.Errorf("from %q: %q, want %q", from, got, all[i:])
		}
	}
}
