package pfs_test

import (
	"errors"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"pfsd/pfs"
)

// threeWay is what bringing the changes from base to theirs into ours must give; false when they contradict each other.
func threeWay(base, ours, theirs map[string]string) (map[string]string, bool) {
	result := maps.Clone(ours)
	for path := range union(base, theirs) {
		b, inBase := base[path]
		o, inOurs := ours[path]
		t, inTheirs := theirs[path]
		switch {
		case inBase == inTheirs && b == t, inOurs == inTheirs && o == t:
		case inBase != inOurs || b != o:
			return nil, false
		case inTheirs:
			result[path] = t
		default:
			delete(result, path)
		}
	}
	for path := range result {
		if !isFree(result, path) {
			return nil, false
		}
	}
	return result, true
}

func union[A, B any](a map[string]A, b map[string]B) map[string]bool {
	paths := map[string]bool{}
	for path := range a {
		paths[path] = true
	}
	for path := range b {
		paths[path] = true
	}
	return paths
}

// drawVersion draws a place in the history of a branch.
func (m *modelRun) drawVersion(r *rapid.T, name string) int {
	return rapid.IntRange(0, len(m.branches[name])-1).Draw(r, "version")
}

func (m *modelRun) ref(name string, i int) pfs.Ref {
	ref, err := pfs.BranchRef("images", name).At(m.branches[name][i].id.String())
	if err != nil {
		m.r.Fatal(err)
	}
	return ref
}

func (m *modelRun) reset(r *rapid.T) {
	name := m.anyBranch(r)
	i := m.drawVersion(r, name)
	h := m.branches[name]
	moved, err := m.s.Reset(ctx, pfs.BranchRef("images", name), m.ref(name, i), byCLI)
	if err != nil {
		r.Fatal(err)
	}
	if moved.ID != h[i].id || moved.Was != h[len(h)-1].id {
		r.Fatalf("a reset from %v to %v gave %v and %v", h[len(h)-1].id, h[i].id, moved.Was, moved.ID)
	}
	m.branches[name] = slices.Clone(h[:i+1])
	m.wantLeft(r, name, moved.Was)
}

// wantLeft checks that the heads of a branch have one that it had just now next to its last one, and that whether a name leads to
// it is told as what is left behind tells it.
func (m *modelRun) wantLeft(r *rapid.T, name string, was pfs.CommitID) {
	left, err := m.s.LeftBehind(ctx)
	if err != nil {
		r.Fatal(err)
	}
	isLeft := slices.ContainsFunc(left, func(d pfs.Deleted) bool { return d.ID == was })
	var heads []pfs.Head
	for h, err := range m.s.Reflog(ctx, pfs.BranchRef("images", name)) {
		if err != nil {
			r.Fatal(err)
		}
		if heads = append(heads, h); len(heads) == 2 {
			break
		}
	}
	last := m.branches[name][len(m.branches[name])-1].id
	switch {
	case heads[0].ID != last:
		r.Fatalf("the last head of %s is %v, want %v", name, heads[0], last)
	case was != last && (heads[1].ID != was || heads[1].Gone || heads[1].Named == isLeft):
		r.Fatalf("the head of %s before is %+v, want %v; left behind: %t", name, heads[1], was, isLeft)
	}
}

// squash makes one commit of a range, after which the same versions come as before, but for such as show what the one before
// them shows.
func (m *modelRun) squash(r *rapid.T) {
	name := m.anyBranch(r)
	h, ref := m.branches[name], pfs.BranchRef("images", name)
	i := m.drawVersion(r, name)
	j := rapid.IntRange(i, len(h)-1).Draw(r, "until")
	var until pfs.Ref
	if j < len(h)-1 || rapid.Bool().Draw(r, "named") {
		until = m.ref(name, j)
	}
	moved, err := m.s.Squash(ctx, ref, m.ref(name, i), until, byCLI)
	if err != nil {
		r.Fatal(err)
	}
	if i == j {
		return
	}
	next := slices.Clone(h[:i+1])
	var made []pfs.CommitID
	for entry, err := range m.s.Log(ctx, ref, "") {
		if err != nil {
			r.Fatal(err)
		}
		if entry.Commit.ID == h[i].id {
			break
		}
		made = append(made, entry.Commit.ID)
	}
	slices.Reverse(made)
	for _, id := range made {
		next = append(next, version{id: id, files: m.files(pfs.Ref{Repo: "images", Commit: id})})
	}
	if got, want := distinct(next[i:]), distinct(append(history{h[i]}, h[j:]...)); !slices.EqualFunc(got, want, maps.Equal) {
		r.Fatalf("after a squash of %d to %d the versions are %v, want %v", i, j, got, want)
	}
	m.branches[name] = next
	m.wantLeft(r, name, moved.Was)
}

// distinct returns what versions show, but those that show what the one before them does.
func distinct(h history) []map[string]string {
	var shown []map[string]string
	for _, v := range h {
		shown = append(shown, v.files)
	}
	return slices.CompactFunc(shown, maps.Equal)
}

// contradiction reports whether an operation failed since two sides contradict each other, which it must exactly when they
// do not agree: but for empty directories, of which the model knows nothing, which may stand in the way of a file.
func (m *modelRun) contradiction(err error, agree bool, versions ...pfs.Ref) bool {
	var conflict *pfs.ConflictError
	if err != nil && !errors.As(err, &conflict) {
		m.r.Fatal(err)
	}
	if conflict == nil && !agree {
		m.r.Fatal("no conflict was found")
	}
	if conflict != nil && agree && !slices.ContainsFunc(conflict.Paths, func(path string) bool { return m.anyIsDir(path, versions) }) {
		m.r.Fatal(err)
	}
	return conflict != nil
}

func (m *modelRun) anyIsDir(path string, versions []pfs.Ref) bool {
	for _, ref := range versions {
		snap, err := m.s.Snapshot(ctx, ref)
		if err != nil {
			m.r.Fatal(err)
		}
		if e, err := snap.Stat(ctx, path); err == nil && e.IsDir() {
			return true
		}
	}
	return false
}

// revert undoes some commit of a branch.
func (m *modelRun) revert(r *rapid.T) {
	name := m.anyBranch(r)
	h := m.branches[name]
	if len(h) < 2 {
		r.Skip("nothing to revert")
	}
	i := rapid.IntRange(1, len(h)-1).Draw(r, "commit")
	made, err := m.s.Revert(ctx, m.ref(name, i), pfs.BranchRef("images", name), byCLI, pfs.ResolveNone)
	want, agree := threeWay(h[i].files, h.last(), h[i-1].files)
	ref := pfs.BranchRef("images", name)
	if !m.contradiction(err, agree, ref, m.ref(name, i), m.ref(name, i-1)) && made.ID != h[len(h)-1].id {
		m.branches[name] = append(h, version{id: made.ID, files: want})
	}
}

// cherryPick does on a branch what some commit of any did.
func (m *modelRun) cherryPick(r *rapid.T) {
	from, to := m.anyBranch(r), m.anyBranch(r)
	a, b := m.branches[from], m.branches[to]
	if len(a) < 2 {
		r.Skip("nothing to pick")
	}
	i := rapid.IntRange(1, len(a)-1).Draw(r, "commit")
	made, err := m.s.CherryPick(ctx, m.ref(from, i), pfs.BranchRef("images", to), byCLI, pfs.ResolveNone)
	want, agree := threeWay(a[i-1].files, b.last(), a[i].files)
	if !m.contradiction(err, agree, pfs.BranchRef("images", to), m.ref(from, i), m.ref(from, i-1)) && made.ID != b[len(b)-1].id {
		m.branches[to] = append(b, version{id: made.ID, files: want})
	}
}
