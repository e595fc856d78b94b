package pfs_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// numberRun is one random history of two branches.
type numberRun struct {
	t        *testing.T
	s        *pfs.Store
	rnd      *rand.Rand
	branches []pfs.Ref
	n        int
}

// TestModelOfNumbers changes two branches at random in all ways that there are. After each step no two entries have one number,
// and those that were kept, changed or moved have theirs.
func TestModelOfNumbers(t *testing.T) {
	runs, steps := 8, 60
	if os.Getenv("PFSD_TEST_FULL") != "" {
		runs, steps = 200, 300
	}
	seed := rand.Uint64()
	for i := range uint64(runs) {
		t.Run(fmt.Sprintf("seed %d %d", seed, i), func(t *testing.T) {
			newNumberRun(t, newImages(t), master, rand.New(rand.NewPCG(seed, i))).steps(steps)
		})
	}
}

// newNumberRun returns a run on a branch and another one that is made of it.
func newNumberRun(t *testing.T, s *pfs.Store, ref pfs.Ref, rnd *rand.Rand) *numberRun {
	other := pfs.BranchRef(ref.Repo, "other")
	if _, err := s.CreateBranch(ctx, other, pfs.BranchOptions{From: ref, By: byCLI}); err != nil {
		t.Fatal(err)
	}
	return &numberRun{t: t, s: s, rnd: rnd, branches: []pfs.Ref{ref, other}}
}

func (r *numberRun) steps(n int) {
	for range n {
		r.step(r.branches[r.rnd.IntN(2)])
	}
	for _, ref := range r.branches {
		for entry, err := range r.s.Log(ctx, ref, "") {
			if err != nil {
				r.t.Fatal(err)
			}
			pfstest.Numbers(r.t, r.snapshot(pfs.Ref{Repo: ref.Repo, Commit: entry.Commit.ID}))
		}
	}
}

func (r *numberRun) snapshot(ref pfs.Ref) *pfs.Snapshot {
	r.t.Helper()
	snap, err := r.s.Snapshot(ctx, ref)
	if err != nil {
		r.t.Fatal(err)
	}
	return snap
}

// version returns some version of a branch, the one that it shows or an older one.
func (r *numberRun) version(ref pfs.Ref) *pfs.Snapshot {
	older, err := ref.At(fmt.Sprintf("HEAD~%d", r.rnd.IntN(6)))
	if err != nil {
		r.t.Fatal(err)
	}
	snap, err := r.s.Snapshot(ctx, older)
	if err != nil || r.rnd.IntN(2) == 0 {
		return r.snapshot(ref)
	}
	return snap
}

// path returns some path, at which there need not be anything.
func (r *numberRun) path() string {
	names := make([]string, 1+r.rnd.IntN(3))
	for i := range names {
		names[i] = string(rune('a' + r.rnd.IntN(3)))
	}
	return strings.Join(names, "/")
}

// any returns a path at which there is something.
func (r *numberRun) any(numbers map[string]uint64) string {
	paths := slices.Sorted(maps.Keys(numbers))
	return paths[r.rnd.IntN(len(paths))]
}

// step makes one change, which may fail, and compares the numbers with those before it.
func (r *numberRun) step(ref pfs.Ref) {
	r.n++
	before := pfstest.Numbers(r.t, r.snapshot(ref))
	from, to := r.any(before), r.path()
	c := ingest(r.t, r.s, fmt.Sprint(r.n))
	update := func(fn func(*pfs.Tx) error) error {
		_, err := r.s.Update(ctx, ref, byCLI, fn)
		return err
	}
	moved := func(path string) string { return path }
	var what string
	var err error
	switch op := r.rnd.IntN(13); op {
	case 0, 1:
		what = "put " + to
		err = update(func(tx *pfs.Tx) error { return tx.PutFile(to, c, nil, 0) })
		if err == nil {
			delete(before, to)
		}
	case 2:
		what = "mkdir " + to
		err = update(func(tx *pfs.Tx) error { return tx.Create(to, pfs.Entry{Kind: pfs.EntryDir, Mode: 0o700}) })
	case 3, 4:
		mode := pfs.RenameMode(r.rnd.IntN(3))
		what = fmt.Sprintf("rename %s to %s, %d", from, to, mode)
		err = update(func(tx *pfs.Tx) error { return tx.Rename(from, to, mode) })
		if err == nil && from != to {
			moved = renamed(from, to, mode == pfs.RenameExchange)
		}
	case 5:
		what = fmt.Sprintf("link %s to %s", from, to)
		err = update(func(tx *pfs.Tx) error { return tx.Link(from, to) })
	case 6, 7:
		version, source := r.version(r.branches[r.rnd.IntN(2)]), r.path()
		what = fmt.Sprintf("copy %s of %v to %s", source, version.Version(), to)
		err = update(func(tx *pfs.Tx) error { return tx.Copy(to, version, source) })
		if err == nil {
			before = outside(before, to)
		}
	case 8:
		version := r.version(ref)
		what = fmt.Sprintf("restore %v", version.Version())
		err = update(func(tx *pfs.Tx) error { return tx.Copy("", version, "") })
		before = nil
	case 9:
		what = "edit " + from
		err = update(func(tx *pfs.Tx) error {
			return tx.Edit(from, func(e *pfs.Entry) error {
				e.Mode, e.Number, e.Birth = uint32(r.n), 7, 7
				return nil
			})
		})
	case 10:
		what = "remove " + from
		err = update(func(tx *pfs.Tx) error { return tx.RemoveAll(from) })
	case 11, 12:
		source := r.branches[0]
		if source == ref {
			source = r.branches[1]
		}
		what = fmt.Sprintf("merge or pick %v", source)
		if op == 11 {
			_, err = r.s.Merge(ctx, source, ref, byCLI, pfs.Resolve(1+r.rnd.IntN(2)))
		} else {
			_, err = r.s.CherryPick(ctx, source, ref, byCLI, pfs.Resolve(1+r.rnd.IntN(2)))
		}
		before = nil
	}
	if pfs.KindOf(err) == pfs.KindInternal || pfs.KindOf(err) == pfs.KindCorrupt {
		r.t.Fatalf("%s: %v", what, err)
	}
	r.compare(what, before, moved, pfstest.Numbers(r.t, r.snapshot(ref)))
}

// compare fails the test unless what is still there has the number that it had.
func (r *numberRun) compare(what string, before map[string]uint64, moved func(string) string, after map[string]uint64) {
	r.t.Helper()
	for path, number := range before {
		if now, there := after[moved(path)]; there && now != number && moved(path) != "" {
			r.t.Errorf("%s: %s had number %#x, and at %s is %#x", what, path, number, moved(path), now)
		}
	}
	if r.t.Failed() {
		r.t.FailNow()
	}
}

// renamed returns where a rename takes a path; the empty one for what is replaced.
func renamed(from, to string, exchange bool) func(string) string {
	return func(path string) string {
		switch {
		case path == from || strings.HasPrefix(path, from+"/"):
			return to + path[len(from):]
		case path != to && !strings.HasPrefix(path, to+"/"):
			return path
		case exchange:
			return from + path[len(to):]
		}
		return ""
	}
}

// outside returns the numbers of what is not at a path or below it.
func outside(numbers map[string]uint64, path string) map[string]uint64 {
	maps.DeleteFunc(numbers, func(at string, _ uint64) bool { return at == path || strings.HasPrefix(at, path+"/") })
	return numbers
}
