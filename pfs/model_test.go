package pfs_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// version is what the model knows of a commit: the text of every file.
type version struct {
	id    pfs.CommitID
	files map[string]string
}

// history is the model of a branch: its versions, oldest first, the first being empty.
type history []version

func (h history) last() map[string]string { return h[len(h)-1].files }

// isFree reports whether a file may be at path: nothing is below it, and no file above.
func isFree(files map[string]string, path string) bool {
	for other := range files {
		if strings.HasPrefix(other, path+"/") || strings.HasPrefix(path, other+"/") {
			return false
		}
	}
	return true
}

// TestModel makes a random history of branches and compares every version of each, and the log of every path, with a model.
func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		clock := pfstest.NewClock()
		opts := pfstest.Options(t)
		opts.Now = clock.Now
		s := pfstest.NewStoreWith(t, opts)
		if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
			r.Fatal(err)
		}
		head, err := s.Commit(ctx, master)
		if err != nil {
			r.Fatal(err)
		}
		m := &modelRun{r: r, t: t, s: s, clock: clock,
			branches: map[string]history{"master": {{head.ID, map[string]string{}}}}}
		r.Repeat(map[string]func(*rapid.T){
			"put":       m.put,
			"putMany":   m.putMany,
			"remove":    m.remove,
			"renameDir": m.renameDir,
			"removeDir": m.removeDir,
			"apply":     m.apply,
			"branch":    m.branch,
			"reset":     m.reset,
			"squash":    m.squash,
			"merge":     m.merge,
			"cross":     m.cross,
			"revert":    m.revert,
			"pick":      m.cherryPick,
			"start":     m.start,
			"write":     m.write,
			"finish":    m.finish,
			"abort":     m.abort,
			"rename":    m.rename,
			"delete":    m.deleteBranch,
			"deleteAll": m.deleteRepo,
			"thin":      m.thin,
		})
		m.check()
		if report, err := s.Check(ctx, pfs.CheckOptions{Deep: true}); err != nil || len(report.Problems) > 0 {
			r.Fatalf("fsck: %v %v", report.Problems, err)
		}
	})
}

type modelRun struct {
	r        *rapid.T
	t        *testing.T
	s        *pfs.Store
	clock    *pfstest.Clock
	branches map[string]history
	opened   []*openModel
	n        int
}

var (
	drawName = rapid.SampledFrom([]string{"a", "b", "c", "a-", "a0"})
	drawPath = rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(drawName, 1, 3).Draw(t, "names"), "/")
	})
)

func (m *modelRun) anyBranch(r *rapid.T) string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m.branches))).Draw(r, "branch")
}

// newName returns a name that no branch has had.
func (m *modelRun) newName() string {
	m.n++
	return fmt.Sprint("b", m.n)
}

func (m *modelRun) text() string {
	m.n++
	return fmt.Sprint("text ", m.n)
}

// commit runs fn as an update of a branch and notes the version that comes of it.
func (m *modelRun) commit(name string, files map[string]string, fn func(*pfs.Tx) error) {
	made, err := m.s.Update(ctx, pfs.BranchRef("images", name), byCLI, fn)
	if pfs.KindOf(err) == pfs.KindIsDir {
		return // an explicit directory, of which the model knows nothing
	}
	if err != nil {
		m.r.Fatal(err)
	}
	m.branches[name] = append(m.branches[name], version{made.ID, files})
}

func (m *modelRun) put(r *rapid.T) { m.putText(r, m.anyBranch(r)) }

// putText puts a file in a branch, unless a directory is there or a file above.
func (m *modelRun) putText(r *rapid.T, name string) {
	path, text := drawPath.Draw(r, "path"), m.text()
	files := maps.Clone(m.branches[name].last())
	if !isFree(files, path) {
		return
	}
	files[path] = text
	c := ingest(m.t, m.s, text)
	m.commit(name, files, func(tx *pfs.Tx) error { return tx.PutFile(path, c, nil, 0) })
}

// putMany makes a directory that is too large for single rows of the path index.
func (m *modelRun) putMany(r *rapid.T) {
	name, dir := m.anyBranch(r), drawPath.Draw(r, "dir")
	files := maps.Clone(m.branches[name].last())
	if _, ok := files[dir]; ok || !isFree(files, dir+"/x") {
		r.Skip("taken")
	}
	text := m.text()
	c := ingest(m.t, m.s, text)
	for i := range 70 {
		files[fmt.Sprintf("%s/f%d", dir, i)] = text
	}
	m.commit(name, files, func(tx *pfs.Tx) error {
		for i := range 70 {
			if err := tx.PutFile(fmt.Sprintf("%s/f%d", dir, i), c, nil, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m *modelRun) remove(r *rapid.T) {
	name := m.anyBranch(r)
	files := maps.Clone(m.branches[name].last())
	if len(files) == 0 {
		r.Skip("empty")
	}
	path := rapid.SampledFrom(slices.Sorted(maps.Keys(files))).Draw(r, "path")
	delete(files, path)
	m.commit(name, files, func(tx *pfs.Tx) error { return tx.Remove(path) })
}

// anyDir draws a directory of the branch's last version.
func (m *modelRun) anyDir(r *rapid.T, name string) string {
	dirs := map[string]bool{}
	for path := range m.branches[name].last() {
		for i, c := range path {
			if c == '/' {
				dirs[path[:i]] = true
			}
		}
	}
	if len(dirs) == 0 {
		r.Skip("no directory")
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(dirs))).Draw(r, "dir")
}

func (m *modelRun) renameDir(r *rapid.T) {
	name := m.anyBranch(r)
	from, to := m.anyDir(r, name), drawName.Draw(r, "to")
	files := map[string]string{}
	for path, text := range m.branches[name].last() {
		if path == to || strings.HasPrefix(path, to+"/") {
			r.Skip("taken")
		}
		if rest, ok := strings.CutPrefix(path, from+"/"); ok {
			path = to + "/" + rest
		}
		files[path] = text
	}
	// What a mount made explicit stays; an empty directory here may have been left by an earlier rename.
	snap, err := m.s.Snapshot(ctx, pfs.BranchRef("images", name))
	if err != nil {
		r.Fatal(err)
	}
	if _, err := snap.Stat(ctx, to); err == nil {
		r.Skip("taken by an empty directory")
	}
	m.commit(name, files, func(tx *pfs.Tx) error { return tx.Rename(from, to, pfs.RenameReplace) })
}

func (m *modelRun) removeDir(r *rapid.T) {
	name := m.anyBranch(r)
	dir := m.anyDir(r, name)
	files := maps.Clone(m.branches[name].last())
	maps.DeleteFunc(files, func(path, _ string) bool { return strings.HasPrefix(path, dir+"/") })
	m.commit(name, files, func(tx *pfs.Tx) error { return tx.RemoveAll(dir) })
}

// apply makes two changes that end in one commit, as a mount does.
func (m *modelRun) apply(r *rapid.T) {
	name := m.anyBranch(r)
	ref := pfs.BranchRef("images", name)
	files := maps.Clone(m.branches[name].last())
	for range 2 {
		path, text := drawPath.Draw(r, "path"), m.text()
		if !isFree(files, path) {
			continue
		}
		c := ingest(m.t, m.s, text)
		err := m.s.Apply(ctx, ref, pfs.By{Origin: pfs.OriginMount}, func(tx *pfs.Tx) error { return tx.PutFile(path, c, nil, 0) })
		if pfs.KindOf(err) == pfs.KindIsDir {
			continue
		}
		if err != nil {
			r.Fatal(err)
		}
		files[path] = text
	}
	head, err := m.s.Cut(ctx, ref)
	if err != nil {
		r.Fatal(err)
	}
	if last := m.branches[name]; last[len(last)-1].id != head.ID {
		m.branches[name] = append(last, version{head.ID, files})
	}
}

func (m *modelRun) branch(r *rapid.T) {
	name := m.newName()
	from := m.anyBranch(r)
	up := rapid.IntRange(0, len(m.branches[from])-1).Draw(r, "up")
	at, err := pfs.BranchRef("images", from).At(fmt.Sprintf("HEAD~%d", up))
	if err != nil {
		r.Fatal(err)
	}
	if _, err := m.s.CreateBranch(ctx, pfs.BranchRef("images", name), pfs.BranchOptions{From: at}); err != nil {
		r.Fatal(err)
	}
	m.branches[name] = slices.Clone(m.branches[from][:len(m.branches[from])-up])
}

func (m *modelRun) check() {
	for name, h := range m.branches {
		ref := pfs.BranchRef("images", name)
		for i, v := range h {
			byID, err := ref.At(v.id.String())
			if err != nil {
				m.r.Fatal(err)
			}
			byUp, err := ref.At(fmt.Sprintf("HEAD~%d", len(h)-1-i))
			if err != nil {
				m.r.Fatal(err)
			}
			for _, ref := range []pfs.Ref{byID, byUp} {
				if got := m.files(ref); !maps.Equal(got, v.files) {
					m.r.Errorf("%v: %v, want %v", ref, got, v.files)
				}
			}
		}
		m.checkLogs(ref, h)
	}
	for _, o := range m.opened {
		if got := m.files(o.ref()); !maps.Equal(got, o.files) {
			m.r.Errorf("open commit %v: %v, want %v", o.ref(), got, o.files)
		}
	}
}

// files returns the text of every file of a version.
func (m *modelRun) files(ref pfs.Ref) map[string]string {
	snap, err := m.s.Snapshot(ctx, ref)
	if err != nil {
		m.r.Fatal(err)
	}
	files := map[string]string{}
	for item, err := range snap.Walk(ctx, "", "") {
		if err != nil {
			m.r.Fatal(err)
		}
		if item.Entry.Kind == pfs.EntryFile {
			files[item.Path] = read(m.t, m.s, ref, item.Path)
		}
	}
	return files
}

// checkLogs compares the log of every path that ever was with what the versions tell.
func (m *modelRun) checkLogs(ref pfs.Ref, h history) {
	paths := map[string]bool{}
	for _, v := range h {
		for path := range v.files {
			paths[path] = true
		}
	}
	for path := range paths {
		var want, got []pfs.CommitID
		asDir := map[pfs.CommitID]bool{} // changes while there was no file, of which the model knows nothing
		for i := len(h) - 1; i > 0; i-- {
			after, there := h[i].files[path]
			before, was := h[i-1].files[path]
			if there != was || before != after {
				want = append(want, h[i].id)
			}
			asDir[h[i].id] = !there && !was
		}
		for entry, err := range m.s.Log(ctx, ref, path) {
			if err != nil {
				m.r.Fatal(err)
			}
			if !asDir[entry.Commit.ID] {
				got = append(got, entry.Commit.ID)
			}
		}
		if !slices.Equal(got, want) {
			m.r.Errorf("log of %v:/%s: %v, want %v", ref, path, got, want)
		}
	}
}
