package fsys

import (
	"context"
	"strings"
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// notifications is what the kernel is told through.
type notifications interface {
	InodeNotify(node uint64, off, length int64) fuse.Status
	EntryNotify(parent uint64, name string) fuse.Status
}

// notifier tells the kernel of changes that it did not make itself: those of other doors, in their order, and names that
// written files have taken back. Only its goroutines call the kernel, which may have to wait there for requests that are
// under way.
type notifier struct {
	server notifications
	cancel context.CancelFunc
	work   sync.WaitGroup

	// mu guards names and closed; nothing else is locked while it is held.
	mu     sync.Mutex
	names  []stale
	closed bool
	wake   chan struct{}
}

// stale is a name of which the kernel knows something that is not so any more; an empty one stands for the attributes of an
// inode, and with listing for those of a directory and how it was listed.
type stale struct {
	node    uint64
	name    string
	listing bool
}

// start begins to pass on the changes that m's watcher sees.
func (t *notifier) start(m *mount, server notifications) {
	ctx, cancel := context.WithCancel(m.ctx)
	t.mu.Lock()
	t.server, t.cancel, t.wake = server, cancel, make(chan struct{}, 1)
	t.mu.Unlock()
	t.work.Add(2)
	go func() {
		defer t.work.Done()
		m.watch(ctx)
	}()
	go func() {
		defer t.work.Done()
		t.passNames(ctx)
	}()
}

// stop ends the goroutines and waits for them.
func (t *notifier) stop() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	if t.cancel != nil {
		t.cancel()
		t.work.Wait()
	}
}

// entry has the kernel forget a name, and how its directory was listed, soon.
func (t *notifier) entry(dir *inode, name string) {
	dir.changes.Add(1)
	t.queue(stale{node: dir.id, name: name})
}

// listing has the kernel forget how a directory was listed, soon.
func (t *notifier) listing(dir *inode) {
	dir.changes.Add(1)
	t.queue(stale{node: dir.id, listing: true})
}

// attributes has the kernel forget the attributes of an inode, soon.
func (t *notifier) attributes(node uint64) { t.queue(stale{node: node}) }

// now has the kernel forget the attributes of an inode at once, for the handler of a request that has it open: that is the one
// notification for which the kernel takes no lock.
func (t *notifier) now(n *inode) { t.server.InodeNotify(n.id, -1, 0) }

func (t *notifier) queue(s stale) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.wake == nil {
		return
	}
	t.names = append(t.names, s)
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// passNames passes on what entry has queued.
func (t *notifier) passNames(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		}
		t.mu.Lock()
		names := t.names
		t.names = nil
		t.mu.Unlock()
		for _, s := range names {
			switch {
			case s.listing:
				t.server.InodeNotify(s.node, 0, -1)
			case s.name == "":
				t.server.InodeNotify(s.node, -1, 0)
			default:
				t.server.InodeNotify(s.node, 0, -1)
				t.server.EntryNotify(s.node, s.name)
			}
		}
	}
}

// watch passes on what others change, until there is no more to come.
func (m *mount) watch(ctx context.Context) {
	for ref := m.ref(); ; {
		event, err := m.by.Watcher.Next(ctx)
		if err != nil {
			return
		}
		if now := m.ref(); now != ref {
			m.cfg.Names.rename(ref, now)
			ref = now
		}
		m.foreign.Add(1)
		m.pass(event)
		event.Done()
	}
}

// pass tells the kernel of one event.
func (m *mount) pass(event *pfs.Event) {
	now, err := m.snapshot()
	if event.Deleted {
		now = view{} // A new branch of the name has other directories.
	}
	if event.Lost || event.Deleted || err != nil {
		m.dropAll(now, m.table.root, "")
		return
	}
	m.passShared(event.Links)
	for _, change := range event.Changes {
		m.passChange(now, change)
	}
}

// passChange tells the kernel of one changed path. What is below a name that the kernel does not know it does not know
// either.
func (m *mount) passChange(now view, change pfs.PathChange) {
	dir := m.table.root
	if change.Path == "" {
		m.passDir(now, dir, "", change.Subtree)
		return
	}
	path, rest := "", change.Path
	for {
		name, below, more := strings.Cut(rest, "/")
		path, rest = joinPath(path, name), below
		child := m.table.child(dir, name)
		if more && child != nil {
			dir = child
			continue
		}
		m.dropListing(dir)
		if more {
			m.notify.server.EntryNotify(dir.id, name)
			return
		}
		m.passEntry(now, dir, child, name, path, change.Subtree)
		return
	}
}

// passEntry tells the kernel of a changed name, of which child, if not nil, is the inode so far.
func (m *mount) passEntry(now view, dir, child *inode, name, path string, subtree bool) {
	if child != nil && child.kind == pfs.EntryDir {
		if now.isDir(m.ctx, path) {
			m.passDir(now, child, path, subtree) // The same directory with other attributes or names; its dentry stays good.
			return
		}
		m.dropAll(now, child, path)
	}
	if child != nil {
		m.notify.server.InodeNotify(child.id, -1, 0)
	}
	m.notify.server.EntryNotify(dir.id, name)
}

// isDir reports whether a directory is at path.
func (v view) isDir(ctx context.Context, path string) bool {
	e, err := v.stat(ctx, path)
	return err == nil && e.IsDir()
}

// passDir tells the kernel that the directory at path has changed, and, if wanted, everything below it.
func (m *mount) passDir(now view, dir *inode, path string, subtree bool) {
	if subtree {
		m.dropAll(now, dir, path)
		return
	}
	m.dropListing(dir)
}

// dropListing has the kernel forget the attributes of a directory and how it was listed.
func (m *mount) dropListing(dir *inode) {
	dir.changes.Add(1)
	m.notify.server.InodeNotify(dir.id, 0, -1)
}

// dropAll has the kernel forget everything below dir, which is at path, and its attributes. Directories that are still there
// keep their names: programs work in them, and there may be mounts on them.
func (m *mount) dropAll(now view, dir *inode, path string) {
	m.dropListing(dir)
	children, absent := m.table.known(dir)
	for name, child := range children {
		below := joinPath(path, name)
		if child.kind != pfs.EntryDir {
			m.notify.server.InodeNotify(child.id, -1, 0)
			m.notify.server.EntryNotify(dir.id, name)
			continue
		}
		m.dropAll(now, child, below)
		if !now.isDir(m.ctx, below) {
			m.notify.server.EntryNotify(dir.id, name)
		}
	}
	for _, name := range absent {
		m.notify.server.EntryNotify(dir.id, name)
	}
}
