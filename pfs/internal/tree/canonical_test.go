package tree_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// TestGoldenRoots pins the root hashes of directories of one, two and three levels: the format of nodes as a whole.
func TestGoldenRoots(t *testing.T) {
	for _, tt := range []struct {
		files int
		root  string
	}{
		{0, "0000000000000000000000000000000000000000000000000000000000000000"},
		{1, "3d403c86e64cf3c3b53534f9548dc846a8685e562df72d858ca61d5e745710a2"},
		{1000, "be10dd5539c27d70c1ebe49e11bf200fd8d122b971c3209325a9b24bdb2ca340"},
		{20_000, "c4b7edaadaf79535e46f6f1db98d57e46c6f3906a59c8372b792da75fa568952"},
	} {
		r := newRows()
		s := tree.New(r, 1<<20)
		var puts []tree.Entry
		for i := range tt.files {
			puts = append(puts, file(fmt.Sprintf("file-%d", i), i))
		}
		if root := r.commit(t, s, with(t, s.Empty(), puts))[0]; root.String() != tt.root {
			t.Errorf("%d files: root %s, want %s", tt.files, root, tt.root)
		}
	}
}

// TestCanonical makes one set of entries in many ways.
func TestCanonical(t *testing.T) {
	const size, orders = 1000, 100
	entries := make([]tree.Entry, 0, 2*size)
	for i := range 2 * size {
		e := file(fmt.Sprintf("file-%d", i*7919%100_003), i)
		if i%10 == 0 {
			e.Kind, e.Content = schema.KindDir, schema.Content{}
		}
		entries = append(entries, e)
	}
	keep, extra := entries[:size], entries[size:]
	var want schema.Hash
	for order := range orders {
		seed := uint64(order)
		rnd := rand.New(rand.NewPCG(seed, 1))
		type step struct {
			e   tree.Entry
			put bool
		}
		var first, second []step
		for _, e := range keep {
			first = append(first, step{e, true})
		}
		for _, e := range extra[:rnd.IntN(size)] {
			first = append(first, step{e, true})
			second = append(second, step{e, false})
		}
		rnd.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
		rnd.Shuffle(len(second), func(i, j int) { second[i], second[j] = second[j], second[i] })
		r := newRows()
		s := tree.New(r, 1<<20)
		d := s.Empty()
		for steps := append(first, second...); len(steps) > 0; {
			n := min(len(steps), 1+rnd.IntN(1<<rnd.IntN(12)))
			var puts []tree.Entry
			var removes []string
			for _, st := range steps[:n] {
				if st.put {
					puts = append(puts, st.e)
				} else {
					removes = append(removes, st.e.Name)
				}
			}
			if len(removes) > 0 && len(puts) > 0 {
				d, removes = with(t, d, puts), removes[:len(removes):len(removes)]
				puts = nil
			}
			d = with(t, d, puts, removes...)
			steps = steps[n:]
			if rnd.IntN(20) == 0 {
				root := r.commit(t, s, d)[0]
				if rnd.IntN(2) == 0 {
					d = s.Load(root, d.Totals())
				}
			}
		}
		root := r.commit(t, s, d)[0]
		if order == 0 {
			want = root
		}
		if root != want {
			t.Fatalf("seed %d: root %s, want %s", seed, root, want)
		}
	}
}
