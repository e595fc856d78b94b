package fsys

import (
	"context"
	"slices"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// repoList is the root of a mount of every branch: a directory of repos. What it shows is asked of the store each time.
type repoList struct {
	forest *forest

	// mu guards pages: the directories of the repos that have been looked up. Only the table of pages is locked while it is
	// held.
	mu    sync.Mutex
	pages map[string]*page
}

// branchList is the directory of a repo's branches.
type branchList struct {
	repos *repoList

	// repo is its name, which changes when the repo is renamed here. repoList.mu guards it.
	repo string
}

var (
	_ arranger = (*repoList)(nil)
	_ arranger = (*branchList)(nil)
)

func newRepoList(f *forest) *repoList { return &repoList{forest: f, pages: make(map[string]*page)} }

func (d *repoList) lookup(name string) (found, error) {
	repo, there, err := d.forest.repo(name)
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.pages[name]
	switch {
	case err != nil:
		return found{}, err
	case !there && p != nil:
		delete(d.pages, name)
		d.forest.pages.drop(p)
		return found{}, nil
	case !there:
		return found{}, nil
	case p == nil:
		p = d.forest.pages.add(&page{number: repoNumber(repo), mode: 0o755, dir: &branchList{repos: d, repo: name}})
		d.pages[name] = p
	}
	return found{page: p}, nil
}

// repo returns the repo of a name, and whether there is one.
func (f *forest) repo(name string) (r pfs.Repo, there bool, err error) {
	repos, err := f.store.Repos(context.Background())
	i := slices.IndexFunc(repos, func(r pfs.Repo) bool { return r.Name == name })
	if err != nil || i < 0 {
		return r, false, err
	}
	return repos[i], true, nil
}

func (d *repoList) list() ([]fuse.DirEntry, error) {
	repos, err := d.forest.store.Repos(context.Background())
	var entries []fuse.DirEntry
	for _, r := range repos {
		entries = append(entries, fuse.DirEntry{Name: r.Name, Mode: fuse.S_IFDIR, Ino: repoNumber(r)})
	}
	return entries, err
}

// make makes a repo, with its first branch.
func (d *repoList) make(name string, owner pfs.Owner) error {
	_, err := d.forest.store.CreateRepo(context.Background(), name, owner, d.forest.by(owner.UID))
	return err
}

// remove deletes a repo in which there is nothing but its first branch, and nothing in that.
func (d *repoList) remove(name string) error {
	if d.forest.hasNewFiles(pfs.BranchRef(name, pfs.DefaultBranch)) {
		return &pfs.Error{Op: "fsys.rmdir", Kind: pfs.KindNotEmpty, Ref: name}
	}
	return d.forest.store.DeleteEmptyRepo(context.Background(), name)
}

func (d *repoList) rename(from string, toDir pageDir, to string) error {
	if toDir != d {
		return syscall.EXDEV
	}
	if _, err := d.forest.store.RenameRepo(context.Background(), from, to); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.pages[from]; p != nil {
		delete(d.pages, from)
		d.pages[to] = p
		p.dir.(*branchList).repo = to
	}
	return nil
}

// ref is the address of a branch of the repo.
func (d *branchList) ref(branch string) pfs.Ref {
	d.repos.mu.Lock()
	defer d.repos.mu.Unlock()
	return pfs.BranchRef(d.repo, branch)
}

func (d *branchList) lookup(name string) (found, error) {
	if pfs.CheckRefName(name) != nil {
		return found{}, nil
	}
	ref, f := d.ref(name), d.repos.forest
	if _, err := f.store.Branch(context.Background(), ref); err != nil {
		if isAbsent(err) {
			err = nil
		}
		return found{}, err
	}
	t, err := f.branchTree(ref)
	if isAbsent(err) {
		return found{}, nil
	}
	return found{tree: t}, err
}

func (d *branchList) list() ([]fuse.DirEntry, error) {
	branches, err := d.repos.forest.store.Branches(context.Background(), d.ref("").Repo)
	if isAbsent(err) {
		return nil, nil
	}
	var entries []fuse.DirEntry
	for _, b := range branches {
		entries = append(entries, fuse.DirEntry{Name: b.Name, Mode: fuse.S_IFDIR})
	}
	return entries, err
}

// make makes an empty branch.
func (d *branchList) make(name string, owner pfs.Owner) error {
	f := d.repos.forest
	_, err := f.store.CreateBranch(context.Background(), d.ref(name), pfs.BranchOptions{Owner: owner, By: f.by(owner.UID)})
	return err
}

// remove deletes a branch that shows nothing.
func (d *branchList) remove(name string) error {
	ref, f := d.ref(name), d.repos.forest
	if f.hasNewFiles(ref) {
		return &pfs.Error{Op: "fsys.rmdir", Kind: pfs.KindNotEmpty, Ref: ref.String()}
	}
	return f.store.DeleteEmptyBranch(context.Background(), ref)
}

func (d *branchList) rename(from string, toDir pageDir, to string) error {
	if toDir != d {
		return syscall.EXDEV
	}
	_, err := d.repos.forest.store.RenameBranch(context.Background(), d.ref(from), to)
	return err
}

// by says that a user makes a repo or a branch here.
func (f *forest) by(uid uint32) pfs.By {
	return pfs.By{Origin: pfs.OriginMount, Author: f.cfg.author(users{uid})}
}

// hasNewFiles reports whether a branch has files, in a mount, that the store does not know of yet.
func (f *forest) hasNewFiles(ref pfs.Ref) bool { return f.cfg.Names.anyBelow(promise{ref: ref}) }
