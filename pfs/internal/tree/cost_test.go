package tree_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// The average that the rows of nodes may take of a commit that changes one random file, in bytes.
const maxCommitBytes = 1638

// TestCommitCost measures what a commit that changes one random path writes, with a flat directory and with three
// levels of directories, whose entries change with every commit below them. PFSD_TREE_FULL=1 does it with 10^6 files.
func TestCommitCost(t *testing.T) {
	fan, commits := 22, 2000
	if os.Getenv("PFSD_TREE_FULL") != "" {
		fan, commits = 100, 20_000
	}
	const seed = 5
	for _, depth := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d levels", depth), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, uint64(depth)))
			r := newRows()
			s := tree.New(r, 1<<28)
			width := fan
			if depth == 1 {
				width = fan * fan * fan
			}
			root := fill(t, s, depth, width)
			r.commit(t, s, root)
			whole, files := r.written, root.Totals().Files
			for i := range commits {
				root = touch(t, s, root, depth, rnd.IntN(fan*fan*fan), fan, 1000+i)
				r.commit(t, s, root)
			}
			each := (r.written - whole) / commits
			t.Logf("%d files in %d bytes of rows, %.1f each; then %d bytes a commit", files, whole, float64(whole)/float64(files), each)
			if each > maxCommitBytes {
				t.Errorf("%d bytes a commit, want at most %d", each, maxCommitBytes)
			}
			sameThroughDeltas(t, r, root)
		})
	}
}

func changedBy(e *tree.Entry, commit int) {
	e.Changed = schema.Change{Gen: uint64(commit)}
	for i := range e.Changed.Commit {
		e.Changed.Commit[i] = byte(commit * 7919 >> i)
	}
}

// fill makes a directory of depth levels, with width entries in each directory.
func fill(t testing.TB, s *tree.Store, depth, width int) *tree.Dir {
	puts := make([]tree.Entry, width)
	var sub *tree.Dir
	if depth > 1 {
		sub = fill(t, s, depth-1, width)
	}
	for i := range puts {
		puts[i] = file(fmt.Sprintf("some-file-name-%08d", i), i)
		if depth > 1 {
			puts[i].Kind, puts[i].Content, puts[i].Sub = schema.KindDir, schema.Content{}, sub
		}
		changedBy(&puts[i], 1)
	}
	return with(t, s.Empty(), puts)
}

// touch changes the content of the file with the number at, as commit.
func touch(t testing.TB, s *tree.Store, d *tree.Dir, depth, at, fan, commit int) *tree.Dir {
	here := at
	if depth > 1 {
		here, at = at%fan, at/fan
	}
	name := fmt.Sprintf("some-file-name-%08d", here)
	e, ok, err := d.Get(t.Context(), name)
	if err != nil || !ok {
		t.Fatal(name, err)
	}
	if depth > 1 {
		e.Sub = touch(t, s, e.Sub, depth-1, at, fan, commit)
	} else {
		old := e
		e = file(name, commit*31)
		e.Btime = old.Btime
		changedBy(&e, commit)
	}
	return with(t, d, []tree.Entry{e})
}

// sameThroughDeltas reads all of root with an empty cache, where every node's hash is verified.
func sameThroughDeltas(t *testing.T, r *rows, root *tree.Dir) {
	t.Helper()
	h, ok := root.Root()
	if !ok {
		t.Fatal("not saved")
	}
	s := tree.New(r, 1<<20)
	walkSame(t, root, s.Load(h, root.Totals()), 0)
}

func walkSame(t *testing.T, a, b *tree.Dir, depth int) {
	as, bs := list(t, a, ""), list(t, b, "")
	if len(as) != len(bs) {
		t.Fatalf("%d entries, want %d", len(bs), len(as))
	}
	for i := range as {
		if !as[i].Entry.Equal(&bs[i].Entry) {
			t.Fatalf("%+v, want %+v", bs[i].Entry, as[i].Entry)
		}
		if as[i].Sub != nil && i%(1+depth*10) == 0 {
			walkSame(t, as[i].Sub, bs[i].Sub, depth+1)
		}
	}
}
