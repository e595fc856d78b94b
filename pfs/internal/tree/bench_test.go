package tree_test

import (
	"fmt"
	"testing"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

const benchFiles = 100_000

// benchDir returns a saved directory of benchFiles files, all in the cache.
func benchDir(b *testing.B) (*rows, *tree.Store, *tree.Dir) {
	b.Helper()
	r := newRows()
	s := tree.New(r, 1<<30)
	puts := make([]tree.Entry, benchFiles)
	for i := range puts {
		puts[i] = benchFile(i, 1)
	}
	d := with(b, s.Empty(), puts)
	r.commit(b, s, d)
	b.ReportAllocs()
	b.ResetTimer()
	return r, s, d
}

func benchFile(i, commit int) tree.Entry {
	e := file(fmt.Sprintf("some-file-name-%08d", i), i*commit)
	changedBy(&e, commit)
	return e
}

func BenchmarkWith(b *testing.B) {
	_, _, d := benchDir(b)
	for i := 0; b.Loop(); i++ {
		d = with(b, d, []tree.Entry{benchFile(i*7919%benchFiles, 2)})
	}
}

func BenchmarkGet(b *testing.B) {
	_, _, d := benchDir(b)
	for i := 0; b.Loop(); i++ {
		if _, ok, err := d.Get(b.Context(), fmt.Sprintf("some-file-name-%08d", i*7919%benchFiles)); !ok {
			b.Fatal(err)
		}
	}
}

// BenchmarkAll is per entry.
func BenchmarkAll(b *testing.B) {
	_, _, d := benchDir(b)
	for n := 0; n < b.N; {
		for _, err := range d.All(b.Context(), "") {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n >= b.N {
				break
			}
		}
	}
}

func BenchmarkSaveOne(b *testing.B) {
	r, s, d := benchDir(b)
	for i := 0; b.Loop(); i++ {
		d = with(b, d, []tree.Entry{benchFile(i*7919%benchFiles, 2+i)})
		r.commit(b, s, d)
	}
}

// BenchmarkCold gets an entry with nothing in the cache.
func BenchmarkCold(b *testing.B) {
	r, _, d := benchDir(b)
	root, _ := d.Root()
	for i := 0; b.Loop(); i++ {
		cold := tree.New(r, 0).Load(root, schema.Totals{})
		if _, ok, err := cold.Get(b.Context(), fmt.Sprintf("some-file-name-%08d", i*7919%benchFiles)); !ok {
			b.Fatal(err)
		}
	}
}
