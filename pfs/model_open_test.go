package pfs_test

import (
	"maps"
	"slices"

	"pgregory.net/rapid"

	"pfsd/pfs"
)

// openModel is what the model knows of an open commit: any number stay open while all else goes on, and they are finished in
// any order.
type openModel struct {
	branch   string
	id, base pfs.CommitID
	before   map[string]string
	files    map[string]string
}

func (o *openModel) ref() pfs.Ref { return pfs.Ref{Repo: "images", Name: o.branch, Commit: o.id} }

func (m *modelRun) start(r *rapid.T) {
	name := m.anyBranch(r)
	o, err := m.s.StartCommit(ctx, pfs.BranchRef("images", name), byCLI)
	if err != nil {
		r.Fatal(err)
	}
	base := m.branches[name].last()
	m.opened = append(m.opened, &openModel{branch: name, id: o.ID, base: o.Base, before: base, files: maps.Clone(base)})
}

// anyOpen draws an open commit.
func (m *modelRun) anyOpen(r *rapid.T) int {
	if len(m.opened) == 0 {
		r.Skip("none is open")
	}
	return rapid.IntRange(0, len(m.opened)-1).Draw(r, "open commit")
}

// write puts a file in an open commit, or removes one.
func (m *modelRun) write(r *rapid.T) {
	o := m.opened[m.anyOpen(r)]
	path, text := drawPath.Draw(r, "path"), m.text()
	change := func(tx *pfs.Tx) error { return tx.Remove(path) }
	files := maps.Clone(o.files)
	if _, there := files[path]; there {
		delete(files, path)
	} else {
		if !isFree(files, path) {
			r.Skip("taken")
		}
		c := ingest(m.t, m.s, text)
		change = func(tx *pfs.Tx) error { return tx.PutFile(path, c, nil, 0) }
		files[path] = text
	}
	_, err := m.s.Update(ctx, o.ref(), byCLI, change)
	switch {
	case err == nil:
		o.files = files
	case pfs.KindOf(err) != pfs.KindIsDir && pfs.KindOf(err) != pfs.KindNotDir:
		r.Fatal(err)
	}
}

func (m *modelRun) finish(r *rapid.T) {
	i := m.anyOpen(r)
	o, ref := m.opened[i], pfs.BranchRef("images", m.opened[i].branch)
	want, agree := threeWay(o.before, m.branches[o.branch].last(), o.files)
	made, err := m.s.FinishCommit(ctx, o.ref(), byCLI, pfs.ResolveNone)
	if m.contradiction(err, agree, ref, o.ref(), pfs.Ref{Repo: "images", Commit: o.base}) {
		return // it stays open
	}
	if made.ID != o.id {
		r.Fatalf("the commit %v became %v", o.id, made.ID)
	}
	m.branches[o.branch] = append(m.branches[o.branch], version{id: made.ID, files: want})
	m.opened = slices.Delete(m.opened, i, i+1)
}

func (m *modelRun) abort(r *rapid.T) {
	i := m.anyOpen(r)
	if err := m.s.AbortCommit(ctx, m.opened[i].ref()); err != nil {
		r.Fatal(err)
	}
	m.opened = slices.Delete(m.opened, i, i+1)
}
