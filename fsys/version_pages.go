package fsys

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// What is found below the reserved name in the root of a mount:
//
//	commits/ID       the tree of a commit of the repo; HEAD^2 and the like are those of the branch
//	tags/TAG         the tree of a tag of the repo
//	head             the id of the branch's last commit
//	status           how the mount is doing
const (
	namedCommits = "commits"
	namedTags    = "tags"
	namedHead    = "head"
	namedStatus  = "status"
)

// maxListed is how many commits are listed, the latest first. The others are found by name.
const maxListed = 100

// newVersionPages returns the page that is hidden in the root of t.
func newVersionPages(f *forest, t *tree) *page {
	names := fixedPages{}
	top := &page{mode: 0o555, dir: names}
	for name, p := range map[string]*page{
		namedCommits: {mode: 0o555, dir: &commitList{f, t}},
		namedTags:    {mode: 0o555, dir: &tagList{f, t}},
		namedHead:    {mode: 0o444, text: t.headText},
		namedStatus:  {mode: 0o444, text: t.statusText},
	} {
		names[name] = f.pages.add(p)
		top.parts = append(top.parts, p)
	}
	return f.pages.add(top)
}

// fixedPages is a directory of pages that stay the same.
type fixedPages map[string]*page

func (d fixedPages) lookup(name string) (found, error) {
	return found{page: d[name], keep: fixedTimeout}, nil
}

func (d fixedPages) list() ([]fuse.DirEntry, error) {
	var entries []fuse.DirEntry
	for _, name := range []string{namedCommits, namedHead, namedStatus, namedTags} {
		e := fuse.DirEntry{Name: name, Ino: d[name].number, Mode: fuse.S_IFREG}
		if d[name].dir != nil {
			e.Mode = fuse.S_IFDIR
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// commitList is the directory of the commits of a mount's repo.
type commitList struct {
	forest *forest
	tree   *tree
}

// history is the ref from which the ancestry of a mount's version is counted: of an open commit it is that of its branch.
func (m *mount) history() pfs.Ref {
	ref := m.ref()
	if m.fixed == nil && !ref.Commit.IsZero() {
		return pfs.BranchRef(ref.Repo, ref.Name)
	}
	return ref
}

func (d *commitList) lookup(name string) (found, error) {
	t := d.tree
	ref, err := t.history().At(name)
	if err != nil {
		return found{}, nil
	}
	keep := fixedTimeout
	if ref.Committed {
		keep = 0 // It is another commit as soon as there is a new one.
	} else {
		ref.Name = ""
	}
	return d.forest.versionAt(t, ref, found{keep: keep}, namedCommits+"/"+name)
}

// versionAt returns the tree of the commit that ref names now, by a name below the page hidden in the root of t.
func (f *forest) versionAt(t *tree, ref pfs.Ref, what found, name string) (found, error) {
	snap, err := f.store.Snapshot(t.ctx, ref)
	switch kind := pfs.KindOf(err); {
	case kind == pfs.KindCommitNotFound, isAbsent(err):
		return found{}, nil
	case err != nil:
		return found{}, err
	case snap.Version().Live:
		return found{}, nil // A branch, or an open commit.
	}
	id := snap.Version().Commit
	key, place := treeKey{page: t.hidden.id, name: name, commit: id}, placed(t.table.key, name)
	what.tree, err = f.versionTree(pfs.Ref{Repo: ref.Repo, Commit: id}, key, place)
	return what, err
}

func (d *commitList) list() ([]fuse.DirEntry, error) {
	t := d.tree
	ref, err := t.history().At("HEAD")
	if err != nil {
		return nil, err
	}
	entries := []fuse.DirEntry{{Name: "HEAD", Mode: fuse.S_IFDIR}}
	for entry, err := range d.forest.store.Log(t.ctx, ref, "") {
		if isAbsent(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, fuse.DirEntry{Name: entry.Commit.ID.String(), Mode: fuse.S_IFDIR})
		if len(entries) > maxListed {
			break
		}
	}
	return entries, nil
}

// tagList is the directory of the tags of a mount's repo.
type tagList struct {
	forest *forest
	tree   *tree
}

func (d *tagList) lookup(name string) (found, error) {
	if pfs.CheckRefName(name) != nil {
		return found{}, nil
	}
	return d.forest.versionAt(d.tree, pfs.BranchRef(d.tree.ref().Repo, name), found{}, namedTags+"/"+name)
}

func (d *tagList) list() ([]fuse.DirEntry, error) {
	tags, err := d.forest.store.Tags(d.tree.ctx, d.tree.ref().Repo)
	if isAbsent(err) {
		return nil, nil
	}
	var entries []fuse.DirEntry
	for _, tag := range tags {
		entries = append(entries, fuse.DirEntry{Name: tag.Name, Mode: fuse.S_IFDIR})
	}
	return entries, err
}

// headText returns the id of the commit that is shown, when all that is shown is in it, and the kernel knows of all that
// others have changed before. It is the barrier between mounts: the request waits, though for nothing that waits for it.
func (m *mount) headText() (string, error) {
	if m.fixed != nil {
		return m.fixed.Version().Commit.String() + "\n", nil
	}
	commit, err := m.cut()
	if err != nil {
		return "", err
	}
	if err := m.by.Watcher.Settle(m.ctx); err != nil && !errors.Is(err, context.Canceled) {
		return "", err
	}
	if commit.ID.IsZero() {
		commit.ID = m.ref().Commit // An open commit is in none yet but itself.
	}
	return commit.ID.String() + "\n", nil
}

// statusText returns how the mount is doing, a line for each thing.
func (m *mount) statusText() (string, error) {
	var b strings.Builder
	if m.fixed != nil {
		fmt.Fprintf(&b, "version: %s\nhead: %s\nread-only: yes\n", m.cfg.Ref, m.fixed.Version().Commit)
		return b.String(), nil
	}
	snap, err := m.live()
	if err != nil && !isAbsent(err) {
		return "", err
	}
	fmt.Fprintf(&b, "branch: %s\n", m.ref())
	if err != nil {
		b.WriteString("deleted: yes\n")
	} else {
		fmt.Fprintf(&b, "head: %s\npending: %s\n", snap.Version().Commit, yesNo(!snap.Version().Pending.IsZero()))
	}
	fmt.Fprintf(&b, "dirty: %d\n", len(m.dirty.all()))
	if last := m.lastError.Load(); last != nil {
		fmt.Fprintf(&b, "last error: %s\n", strings.ReplaceAll(*last, "\n", " "))
	}
	return b.String(), nil
}

// noteError keeps an error to be shown as the last one.
func (m *mount) noteError(err error) {
	text := err.Error()
	m.lastError.Store(&text)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
