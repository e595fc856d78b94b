package pfs_test

import (
	"maps"
	"slices"

	"pgregory.net/rapid"

	"pfsd/pfs"
)

func (m *modelRun) merge(r *rapid.T) { m.mergeInto(r, m.anyBranch(r), m.anyBranch(r)) }

// cross merges two branches into each other, each as it was before, and goes on: when both were changed before, they have two
// merge bases from then on.
func (m *modelRun) cross(r *rapid.T) {
	one, two, was := m.anyBranch(r), m.anyBranch(r), m.newName()
	if one == two {
		r.Skip("one branch")
	}
	for _, name := range []string{one, two} {
		m.putText(r, name)
	}
	if _, err := m.s.CreateBranch(ctx, pfs.BranchRef("images", was), pfs.BranchOptions{From: pfs.BranchRef("images", two)}); err != nil {
		r.Fatal(err)
	}
	m.branches[was] = slices.Clone(m.branches[two])
	m.mergeInto(r, one, two)
	m.mergeInto(r, was, one)
	if err := m.s.DeleteBranch(ctx, pfs.BranchRef("images", was), true); err != nil {
		r.Fatal(err)
	}
	delete(m.branches, was)
	for _, name := range []string{one, two} {
		m.putText(r, name)
	}
	m.mergeInto(r, one, two)
}

// mergeInto merges a branch into another, whatever has been merged before. Where the merge base is made of several, what was in
// conflict there has a text that nothing else has.
func (m *modelRun) mergeInto(r *rapid.T, from, to string) {
	a, b := m.branches[from], m.branches[to]
	source, head := a[len(a)-1].id, b[len(b)-1].id
	bases := m.mergeBases([]pfs.CommitID{head}, source)
	if len(bases) == 0 {
		r.Fatalf("%v and %v have nothing in common", from, to)
	}
	before, known := m.baseOf(bases)
	if !known {
		return // files and directories are in conflict before
	}
	made, err := m.s.Merge(ctx, pfs.BranchRef("images", from), pfs.BranchRef("images", to), byCLI, pfs.ResolveNone)
	switch {
	case bases[0] == source: // nothing new
	case bases[0] == head:
		m.branches[to] = slices.Clone(a)
	default:
		versions := []pfs.Ref{pfs.BranchRef("images", from), pfs.BranchRef("images", to)}
		for _, id := range bases {
			versions = append(versions, pfs.Ref{Repo: "images", Commit: id})
		}
		want, agree := threeWay(before, b.last(), a.last())
		if !m.contradiction(err, agree, versions...) {
			m.branches[to] = append(b, version{id: made.ID, files: want})
		}
		return
	}
	if err != nil {
		r.Fatal(err)
	}
}

// parents returns the parents of a commit, and its place among all.
func (m *modelRun) parents(id pfs.CommitID) ([]pfs.CommitID, uint64) {
	c, err := m.s.Commit(ctx, pfs.Ref{Repo: "images", Commit: id})
	if err != nil {
		m.r.Fatal(err)
	}
	return c.Parents, c.Gen
}

// ancestors returns all commits that some descend from, and those themselves, each with its place among all.
func (m *modelRun) ancestors(of ...pfs.CommitID) map[pfs.CommitID]uint64 {
	all := map[pfs.CommitID]uint64{}
	queue := slices.Clone(of)
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if _, seen := all[id]; !seen {
			parents, gen := m.parents(id)
			all[id] = gen
			queue = append(queue, parents...)
		}
	}
	return all
}

// mergeBases returns the common ancestors of b and some commits that are no ancestors of another one, the newest first.
func (m *modelRun) mergeBases(a []pfs.CommitID, b pfs.CommitID) []pfs.CommitID {
	common := m.ancestors(a...)
	other := m.ancestors(b)
	maps.DeleteFunc(common, func(id pfs.CommitID, _ uint64) bool { _, both := other[id]; return !both })
	best := maps.Clone(common)
	for id := range common {
		parents, _ := m.parents(id)
		for before := range m.ancestors(parents...) {
			delete(best, before)
		}
	}
	ids := slices.Collect(maps.Keys(best))
	slices.SortFunc(ids, func(a, b pfs.CommitID) int { return int(best[b]) - int(best[a]) })
	return ids
}

// baseOf returns what a merge of several bases shows, made as it is said in DESIGN.md; false when that cannot be told.
func (m *modelRun) baseOf(bases []pfs.CommitID) (map[string]string, bool) {
	files := m.files(pfs.Ref{Repo: "images", Commit: bases[0]})
	for i := 1; i < len(bases); i++ {
		before, known := map[string]string{}, true
		if under := m.mergeBases(bases[:i], bases[i]); len(under) > 0 {
			before, known = m.baseOf(under)
		}
		if known {
			files, known = imagined(before, files, m.files(pfs.Ref{Repo: "images", Commit: bases[i]}))
		}
		if !known {
			return nil, false
		}
	}
	return files, true
}

// imagined is what threeWay gives, with a text that nothing has where the sides contradict each other; false when a file is
// where another is below.
func imagined(base, ours, theirs map[string]string) (map[string]string, bool) {
	result := maps.Clone(ours)
	for path := range union(union(base, theirs), ours) {
		single := func(of map[string]string) map[string]string {
			if text, there := of[path]; there {
				return map[string]string{path: text}
			}
			return map[string]string{}
		}
		if one, agree := threeWay(single(base), single(ours), single(theirs)); !agree {
			result[path] = "in conflict"
		} else if text, there := one[path]; there {
			result[path] = text
		} else {
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
