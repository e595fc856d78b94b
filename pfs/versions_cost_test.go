package pfs_test

import (
	"fmt"
	"testing"

	"pfsd/pfs"
)

// overwritten makes commits on master, of which every few overwrites the file "d/often", a thousand in all, and returns how
// many.
func overwritten(t testing.TB, s *pfs.Store, commits int) int {
	t.Helper()
	const versions = 1000
	contents := []pfs.Content{ingest(t, s, "x"), ingest(t, s, "y")}
	for i := range commits {
		path := fmt.Sprintf("d/f%d", i%100)
		if i%(commits/versions) == 0 {
			path = "d/often"
		}
		update(t, s, master, func(tx *pfs.Tx) error { return tx.PutFile(path, contents[i%2], nil, 0) })
	}
	return versions
}

func countVersions(t testing.TB, s *pfs.Store, prefix string) int {
	t.Helper()
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range snap.Versions(ctx, prefix, pfs.VersionMark{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestCostOfVersions: the versions of a file that was overwritten a thousand times cost the same to list among a thousand
// commits and among many.
func TestCostOfVersions(t *testing.T) {
	lengths := []int{1000, 5000}
	if full() {
		lengths[1] = 100_000
	}
	var cost []int64
	for _, commits := range lengths {
		s := newCountedStore(t)
		want := overwritten(t, s.Store, commits)
		s = s.cold(t)
		s.reads.rows.Store(0)
		if got := countVersions(t, s.Store, "d/often"); got != want {
			t.Errorf("%d versions, want %d", got, want)
		}
		n := s.reads.rows.Load()
		t.Logf("%d versions among %d commits take %d rows", want, commits, n)
		cost = append(cost, n)
	}
	if cost[1] > 2*cost[0] {
		t.Errorf("in a longer history more rows are read: %v", cost)
	}
}

func BenchmarkVersions(b *testing.B) {
	for _, commits := range []int{1000, 10_000, 100_000} {
		if commits > 10_000 && !full() {
			continue
		}
		b.Run(fmt.Sprint(commits), func(b *testing.B) {
			s := newImages(b)
			want := overwritten(b, s, commits)
			for b.Loop() {
				if got := countVersions(b, s, "d/often"); got != want {
					b.Fatalf("%d versions", got)
				}
			}
		})
	}
}
