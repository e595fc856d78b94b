package fsys

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// forest is what one connection to the kernel shows: trees, each a mount of one version that answers for its own inodes, and
// pages, which are no part of any version, and in which trees are found. It passes each request on to the one whose inode it
// is about, which it sees from the upper bits of the inode's id. It answers nothing with ENOSYS: the kernel would not ask
// any tree again.
type forest struct {
	// RawFileSystem gives Writev, which is to fall back to Write, and what newer versions of the library add.
	fuse.RawFileSystem

	store   core
	cfg     Config
	log     *slog.Logger
	started int64
	ops     *counters
	kernel  notifications
	// main is the tree at the root; nil when a page is there.
	main  *tree
	pages pageTable

	// planting is held while a tree is made, so that there is one of each. It comes before mu.
	planting sync.Mutex
	// mu guards what follows; nothing else is locked while it is held, but what tells of a table or a watcher.
	mu    sync.RWMutex
	trees map[uint64]*tree
	shown map[treeKey]*tree
	last  uint64
	// failure is the first of trees that have ended.
	failure error
	// clearing are the trees that are being ended.
	clearing sync.WaitGroup
}

// The numbers of trees: the one at the root, the one that pages count as, and the first of all others.
const (
	mainNumber = iota
	pagesNumber
	firstNumber
)

// tree is a mount within a forest.
type tree struct {
	*mount
	number uint64
	key    treeKey
	// hidden is the page below the root that is found by name alone; nil for none.
	hidden *page
	// lookups is how many references the kernel has to the root. forest.mu guards it.
	lookups uint64
}

// treeKey is what a tree other than the main one is found by: the branch, or the page in which it is, with its name there and
// the commit that it shows. A directory has one place only, so that a commit with two names has two trees.
type treeKey struct {
	branch pfs.Ref
	page   uint64
	name   string
	commit pfs.CommitID
}

// newForest returns a forest that nobody serves yet.
func newForest(ctx context.Context, store core, cfg Config) (*forest, error) {
	f := &forest{
		RawFileSystem: fuse.NewDefaultRawFileSystem(), store: store, cfg: cfg, log: cfg.Log,
		started: cfg.Now().UnixNano(), ops: new(counters),
		trees: make(map[uint64]*tree), shown: make(map[treeKey]*tree), last: firstNumber,
	}
	if cfg.All {
		f.pages.addRoot(newRepoList(f))
		return f, nil
	}
	m, err := newMount(ctx, store, cfg, mainNumber, 0)
	if err != nil {
		return nil, err
	}
	m.ops = f.ops
	f.main = &tree{mount: m}
	f.main.hidden = newVersionPages(f, f.main)
	f.trees[mainNumber] = f.main
	return f, nil
}

// start starts the goroutines of the tree at the root; kernel is where its notifications, and those of others, go.
func (f *forest) start(kernel notifications) {
	f.kernel = kernel
	if f.main != nil {
		f.main.start(kernel)
	}
}

// finish ends all trees. Nobody sends requests any more.
func (f *forest) finish() error {
	f.clearing.Wait()
	err := f.failure
	for _, t := range f.all() {
		if endErr := t.finish(); err == nil {
			err = endErr
		}
	}
	return err
}

// flush links and commits all that is written.
func (f *forest) flush() error {
	var first error
	for _, t := range f.all() {
		if t.readOnly() {
			continue
		}
		if err := t.flushAll(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// all returns the trees, in no order.
func (f *forest) all() []*tree {
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := make([]*tree, 0, len(f.trees))
	for _, t := range f.trees {
		all = append(all, t)
	}
	return all
}

// tree returns the tree with the inode id; nil when that is a page's, or nobody's.
func (f *forest) tree(id uint64) *tree {
	number := id >> treeShift
	if number == mainNumber {
		return f.main
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.trees[number]
}

// branchTree returns the tree of a branch.
func (f *forest) branchTree(ref pfs.Ref) (*tree, error) {
	f.planting.Lock()
	defer f.planting.Unlock()
	for _, t := range f.all() {
		if t.key.page == 0 && t.ref() == ref {
			return t, nil
		}
	}
	t, err := f.plant(ref, treeKey{branch: ref}, 0)
	if err == nil {
		t.hidden = newVersionPages(f, t)
	}
	return t, err
}

// versionTree returns the tree of a commit below a page, which is in a place.
func (f *forest) versionTree(ref pfs.Ref, key treeKey, place uint64) (*tree, error) {
	f.planting.Lock()
	defer f.planting.Unlock()
	f.mu.RLock()
	t := f.shown[key]
	f.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	return f.plant(ref, key, place)
}

// plant makes a tree, in a place as newMount has it. The caller holds planting.
func (f *forest) plant(ref pfs.Ref, key treeKey, place uint64) (*tree, error) {
	f.mu.Lock()
	number := f.last
	f.last++
	f.mu.Unlock()
	cfg := f.cfg
	cfg.Ref, cfg.All = ref, false
	m, err := newMount(context.Background(), f.store, cfg, number, place)
	if err != nil {
		return nil, err
	}
	m.ops = f.ops
	t := &tree{mount: m, number: number, key: key}
	t.released = func() { f.forgetRoot(t, 0) }
	m.start(f.kernel)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trees[number], f.shown[key] = t, t
	return t, nil
}

// replyTree fills in the entry of a tree's root, of which it counts a lookup, to be kept as an entry for some time. It
// returns false when the tree has been cleared away meanwhile.
func (f *forest) replyTree(t *tree, keep time.Duration, out *fuse.EntryOut) (bool, error) {
	f.mu.Lock()
	there := f.trees[t.number] == t
	if there {
		t.lookups++
	}
	f.mu.Unlock()
	if !there {
		return false, nil
	}
	if err := t.replyRoot(out); err != nil {
		f.forgetRoot(t, 1)
		return false, err
	}
	out.SetEntryTimeout(keep)
	return true, nil
}

// replyRoot fills in the entry of the root as it is now.
func (m *mount) replyRoot(out *fuse.EntryOut) error {
	asked := m.begin()
	root := m.table.root
	m.paths.RLock()
	defer m.paths.RUnlock()
	root.mu.Lock()
	err := m.refreshLocked(root)
	root.mu.Unlock()
	if err == nil {
		m.reply(root, asked, out)
	}
	return err
}

// Forget lets go of an inode, and of its tree when that was the last one there that the kernel knew.
func (f *forest) Forget(id, lookups uint64) {
	t := f.tree(id)
	switch {
	case t == nil:
		return
	case id == t.table.root.id:
		f.forgetRoot(t, lookups)
		return
	}
	t.Forget(id, lookups)
	f.forgetRoot(t, 0)
}

// forgetRoot takes lookups away from a tree's root, and ends the tree when nobody refers to anything in it any more.
func (f *forest) forgetRoot(t *tree, lookups uint64) {
	if t == f.main {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t.lookups -= min(lookups, t.lookups)
	if t.lookups > 0 || f.trees[t.number] != t || !t.table.isIdle() {
		return
	}
	delete(f.trees, t.number)
	delete(f.shown, t.key)
	if t.hidden != nil {
		f.pages.drop(t.hidden)
	}
	f.clearing.Go(func() { f.clear(t) })
}

// clear ends a tree.
func (f *forest) clear(t *tree) {
	if err := t.finish(); err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.failure = errors.Join(f.failure, err)
	}
}
