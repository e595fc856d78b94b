package pfs_test

import (
	"fmt"
	"testing"

	"pfsd/pfs"
)

// historySizes are those at which the benchmarks of histories are run: what they time must hardly depend on them.
func historySizes() []int {
	if full() {
		return []int{1000, 10_000, 100_000, 1_000_000}
	}
	return []int{1000, 10_000}
}

// wide returns a store whose branch master has n files in directories of a hundred.
func wide(b *testing.B, n int) *pfs.Store {
	s := newImages(b)
	c := ingest(b, s, "x")
	for i := 0; i < n; i += 10_000 {
		update(b, s, master, func(tx *pfs.Tx) error {
			for j := i; j < min(n, i+10_000); j++ {
				if err := tx.PutFile(fmt.Sprintf("d%05d/f%d", j/100, j), c, nil, 0); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return s
}

func BenchmarkDiffOfTenFiles(b *testing.B) {
	for _, n := range historySizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := wide(b, n)
			before, err := s.Commit(ctx, master)
			if err != nil {
				b.Fatal(err)
			}
			c := ingest(b, s, "y")
			update(b, s, master, func(tx *pfs.Tx) error {
				for i := range 10 {
					j := i * (n / 10)
					if err := tx.PutFile(fmt.Sprintf("d%05d/f%d", j/100, j), c, nil, 0); err != nil {
						return err
					}
				}
				return nil
			})
			for b.Loop() {
				found := 0
				for _, err := range s.Diff(ctx, pfs.Ref{Repo: "images", Commit: before.ID}, master, "") {
					if err != nil {
						b.Fatal(err)
					}
					found++
				}
				if found != 10 {
					b.Fatalf("%d differences", found)
				}
			}
		})
	}
}

func BenchmarkBranchOfABranch(b *testing.B) {
	for _, n := range historySizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := wide(b, n)
			i := 0
			for b.Loop() {
				i++
				branchOf(b, s, pfs.BranchRef("images", fmt.Sprint("b", i)), master)
			}
		})
	}
}

func BenchmarkLogOfAPath(b *testing.B) {
	for _, n := range historySizes() {
		if n > 100_000 {
			continue // making as many commits takes an hour
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newImages(b)
			contents := []pfs.Content{ingest(b, s, "x"), ingest(b, s, "y")}
			for i := range n {
				path := fmt.Sprintf("d%d/f", i%100)
				if i%(n/10) == 0 {
					path = "d0/rare"
				}
				update(b, s, master, func(tx *pfs.Tx) error { return tx.PutFile(path, contents[i/100%2], nil, 0) })
			}
			for b.Loop() {
				found := 0
				for _, err := range s.Log(ctx, master, "d0/rare") {
					if err != nil {
						b.Fatal(err)
					}
					found++
				}
				if found != 10 {
					b.Fatalf("%d commits", found)
				}
			}
		})
	}
}

func BenchmarkMergeOfTenFiles(b *testing.B) {
	for _, n := range historySizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := wide(b, n)
			c := ingest(b, s, "y")
			i := 0
			for b.Loop() {
				i++
				side := pfs.BranchRef("images", fmt.Sprint("side", i))
				branchOf(b, s, side, master)
				put(b, s, master, fmt.Sprint("own", i), "z")
				update(b, s, side, func(tx *pfs.Tx) error {
					for j := range 10 {
						if err := tx.PutFile(fmt.Sprintf("new%d/%d", i, j), c, nil, 0); err != nil {
							return err
						}
					}
					return nil
				})
				if _, err := s.Merge(ctx, side, master, byCLI, pfs.ResolveNone); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
