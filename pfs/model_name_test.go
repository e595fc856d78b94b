package pfs_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"pfsd/pfs"
)

// rename gives a branch another name; its history and its open commits go with it.
func (m *modelRun) rename(r *rapid.T) {
	name, to := m.anyBranch(r), m.newName()
	if _, err := m.s.RenameBranch(ctx, pfs.BranchRef("images", name), to); err != nil {
		r.Fatal(err)
	}
	m.branches[to] = m.branches[name]
	delete(m.branches, name)
	for _, o := range m.opened {
		if o.branch == name {
			o.branch = to
		}
	}
}

// deleteBranch deletes a branch and brings it back.
func (m *modelRun) deleteBranch(r *rapid.T) {
	ref := pfs.BranchRef("images", m.anyBranch(r))
	if err := m.s.DeleteBranch(ctx, ref, false); err != nil {
		r.Fatal(err)
	}
	if _, err := m.s.Snapshot(ctx, ref); pfs.KindOf(err) != pfs.KindBranchNotFound {
		r.Fatalf("a branch that was deleted: %v", err)
	}
	if err := m.s.Undelete(ctx, ref); err != nil {
		r.Fatal(err)
	}
}

// deleteRepo deletes the repo and brings it back, with all its branches and open commits.
func (m *modelRun) deleteRepo(r *rapid.T) {
	if err := m.s.DeleteRepo(ctx, "images", true); err != nil {
		r.Fatal(err)
	}
	if err := m.s.UndeleteRepo(ctx, "images"); err != nil {
		r.Fatal(err)
	}
}

// thin has the automatic commits of a branch thinned out after a time. Which they are the store says; that nothing else is
// lost, and what the rest of the history has, is compared in the end.
func (m *modelRun) thin(r *rapid.T) {
	name := m.anyBranch(r)
	m.clock.Add(time.Duration(rapid.IntRange(1, 48).Draw(r, "hours")) * time.Hour)
	gone, err := m.s.Thin(ctx, pfs.BranchRef("images", name), false)
	if err != nil {
		r.Fatal(err)
	}
	for other, h := range m.branches {
		m.branches[other] = slices.DeleteFunc(slices.Clone(h), func(v version) bool { return slices.Contains(gone, v.id) })
	}
}
