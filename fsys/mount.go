package fsys

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// How long the kernel may keep what it has been told. All changes of a branch are pushed to it, so that this is only a bound
// on how long it remembers what nobody asks for; what cannot change it may keep for ever.
const (
	longTimeout  = time.Hour
	fixedTimeout = 10 * 365 * 24 * time.Hour
)

// reader is what a mount reads of a store.
type reader interface {
	Snapshot(ctx context.Context, ref pfs.Ref) (*pfs.Snapshot, error)
	OpenContent(c pfs.Content) *pfs.File
	Watch(ref pfs.Ref) (*pfs.Watcher, error)
}

// changer is how a mount changes a branch.
type changer interface {
	Apply(ctx context.Context, ref pfs.Ref, by pfs.By, fn func(*pfs.Tx) error) error
	Sync(ctx context.Context, ref pfs.Ref) error
	Cut(ctx context.Context, ref pfs.Ref) (pfs.Commit, error)
}

// numberer is where a mount gets the numbers of new files from, before the store knows of them.
type numberer interface {
	NewNumber() (uint64, error)
}

// catalogue is what a mount shows of a store besides files.
type catalogue interface {
	Repos(ctx context.Context) ([]pfs.Repo, error)
	Branches(ctx context.Context, repo string) ([]pfs.Branch, error)
	Branch(ctx context.Context, ref pfs.Ref) (pfs.Branch, error)
	Tags(ctx context.Context, repo string) ([]pfs.Tag, error)
	Log(ctx context.Context, ref pfs.Ref, path string) iter.Seq2[pfs.LogEntry, error]
}

// namer is how a mount of every branch makes and removes repos and branches.
type namer interface {
	CreateRepo(ctx context.Context, name string, owner pfs.Owner, by pfs.By) (pfs.Repo, error)
	CreateBranch(ctx context.Context, ref pfs.Ref, o pfs.BranchOptions) (pfs.Branch, error)
	RenameRepo(ctx context.Context, from, to string) (pfs.Repo, error)
	RenameBranch(ctx context.Context, ref pfs.Ref, to string) (pfs.Branch, error)
	DeleteEmptyRepo(ctx context.Context, name string) error
	DeleteEmptyBranch(ctx context.Context, ref pfs.Ref) error
}

// core is what a mount uses of a store.
type core interface {
	reader
	ingester
	changer
	numberer
	catalogue
	namer
}

var _ core = (*pfs.Store)(nil)

// mount answers the kernel's requests for one version. Its methods that are named as those of fuse.RawFileSystem are
// called concurrently.
type mount struct {
	// RawFileSystem gives Writev, which is to fall back to Write, and what newer versions of the library add.
	fuse.RawFileSystem

	store core
	cfg   Config
	log   *slog.Logger
	// ctx is that of all work for the mount. That of a request is not used: any signal cancels it, and a change must not
	// stop between ingest and link.
	ctx    context.Context
	cancel context.CancelFunc
	// by says of all changes what is the same for each.
	by pfs.By
	// fixed is what is shown when that is no live branch, else nil.
	fixed *pfs.Snapshot
	// empty is the content without bytes.
	empty   *pfs.Ingested
	scratch scratch
	ops     *counters
	// lastError is what was last logged as having failed.
	lastError atomic.Pointer[string]

	// paths is held for writing by a rename, and for reading by all who go from an inode to its path and then to the store.
	paths sync.RWMutex
	table *table
	dirs  dirHandles
	dirty dirtySet

	// foreign counts the changes that came from elsewhere; own counts twice each change of this mount, before and after it.
	foreign, own atomic.Uint64

	// released is called when an inode may have gone without the kernel having forgotten any just then; nil for nobody.
	released func()

	notify notifier
	// work are the goroutines of the mount.
	work sync.WaitGroup
}

// readOnly reports whether what is shown cannot change.
func (m *mount) readOnly() bool { return m.fixed != nil }

// now is the time in nanoseconds since 1970.
func (m *mount) now() int64 { return m.cfg.Now().UnixNano() }

// change runs fn in a transaction on the branch, on behalf of users. It is visible on return, and durable if the mount is to be so.
func (m *mount) change(who users, fn func(*pfs.Tx) error) error {
	m.own.Add(1)
	defer m.own.Add(1)
	by := m.by
	by.Author = m.cfg.author(who)
	err := m.onBranch(func(ref pfs.Ref) error { return m.store.Apply(m.ctx, ref, by, fn) })
	if err == nil && m.cfg.Sync {
		err = m.onBranch(func(ref pfs.Ref) error { return m.store.Sync(m.ctx, ref) })
	}
	return err
}

// ref is the address of what is shown, which changes when the branch is renamed.
func (m *mount) ref() pfs.Ref {
	if m.by.Watcher == nil {
		return m.cfg.Ref
	}
	return m.by.Watcher.Ref()
}

// onBranch calls fn with the address of the branch, and again when it has been renamed meanwhile and is not found.
func (m *mount) onBranch(fn func(ref pfs.Ref) error) error {
	for ref := m.ref(); ; {
		err := fn(ref)
		now := m.ref()
		if !isAbsent(err) || now == ref {
			return err
		}
		ref = now
	}
}

// live returns what a branch shows now.
func (m *mount) live() (snap *pfs.Snapshot, err error) {
	err = m.onBranch(func(ref pfs.Ref) error {
		snap, err = m.store.Snapshot(m.ctx, ref)
		return err
	})
	return snap, err
}

// snapshot returns what is to be shown now.
func (m *mount) snapshot() (view, error) {
	if m.fixed != nil {
		return view{m.fixed}, nil
	}
	snap, err := m.live()
	if isAbsent(err) {
		return view{}, nil
	}
	return view{snap}, err
}

// view is a snapshot, or, when the branch is deleted, an empty directory.
type view struct{ *pfs.Snapshot }

// stat returns the entry at path.
func (v view) stat(ctx context.Context, path string) (pfs.Entry, error) {
	switch {
	case v.Snapshot != nil:
		return v.Stat(ctx, path)
	case path == "":
		return pfs.Entry{Kind: pfs.EntryDir, Mode: 0o755, Explicit: true}, nil
	}
	return pfs.Entry{}, &pfs.Error{Op: "fsys.stat", Kind: pfs.KindFileNotFound, Path: path}
}

// list yields the entries of a directory, from the first whose sort key is not before from.
func (v view) list(ctx context.Context, dir, from string) iter.Seq2[pfs.Entry, error] {
	if v.Snapshot != nil {
		return v.List(ctx, dir, from)
	}
	return func(func(pfs.Entry, error) bool) {}
}

// stat returns the entry at path as it is now.
func (m *mount) stat(path string) (pfs.Entry, error) {
	v, err := m.snapshot()
	if err != nil {
		return pfs.Entry{}, err
	}
	return v.stat(m.ctx, path)
}

// newMount returns a mount that nobody serves yet, as the tree with a number; place, if not 0, is where in a mount of another
// version it is.
func newMount(ctx context.Context, store core, cfg Config, number, place uint64) (*mount, error) {
	snap, err := store.Snapshot(ctx, cfg.Ref)
	if err != nil {
		return nil, err
	}
	m := &mount{
		RawFileSystem: fuse.NewDefaultRawFileSystem(), store: store, cfg: cfg, log: cfg.Log, ops: new(counters),
		by: pfs.By{Origin: pfs.OriginMount, CutAfter: cfg.CommitAfter},
	}
	m.scratch.files, m.scratch.keep = cfg.Scratch, keepFree
	m.ctx, m.cancel = context.WithCancel(context.WithoutCancel(ctx))
	root, err := snap.Stat(ctx, "")
	if err != nil {
		return nil, err
	}
	m.table = newTable(newInode(&root), number, snap.Identity()^place)
	if !snap.Version().Live {
		m.fixed = snap
		return m, nil
	}
	if m.by.Watcher, err = store.Watch(cfg.Ref); err != nil {
		return nil, err
	}
	if m.empty, err = store.Ingest(ctx, io.LimitReader(nil, 0)); err != nil {
		m.by.Watcher.Close()
		return nil, err
	}
	return m, nil
}

// start starts the goroutines of a mount of a live branch; server is where notifications go.
func (m *mount) start(server notifications) {
	if m.readOnly() {
		return
	}
	m.notify.start(m, server)
	m.work.Add(1)
	go func() {
		defer m.work.Done()
		m.linkPeriodically()
	}()
}

// finish links what is left, ends the branch's open commit, and stops all goroutines. Nobody sends requests any more.
func (m *mount) finish() error {
	if m.readOnly() {
		m.cancel()
		return nil
	}
	m.by.Watcher.Close()
	err := m.flushAll()
	if err != nil {
		m.log.Error("not all that was written could be stored", "error", err)
	}
	m.cancel()
	m.notify.stop()
	m.work.Wait()
	for _, n := range m.dirty.all() {
		if d := n.data.Load(); d != nil {
			d.close()
		}
		m.unreserve(n)
	}
	m.empty.Release()
	return err
}

// flushAll links everything that is written, and ends the branch's open commit.
func (m *mount) flushAll() error {
	var first error
	for _, n := range m.dirty.all() {
		if err := m.link(n); err != nil && first == nil {
			first = err
		}
	}
	if _, err := m.cut(); err != nil && first == nil && !isAbsent(err) {
		first = err
	}
	return first
}

// cut makes a commit of what is linked and in none yet, and returns the branch's last one.
func (m *mount) cut() (commit pfs.Commit, err error) {
	err = m.onBranch(func(ref pfs.Ref) error {
		commit, err = m.store.Cut(m.ctx, ref)
		return err
	})
	return commit, err
}
