package fsys

import (
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// resolve returns the inode at a name of a directory as it is now, with one lookup counted; nil when there is nothing. The
// caller holds m.paths.
func (m *mount) resolve(dir *inode, name string) (*inode, error) {
	for {
		path, ok := m.table.childPath(dir, name)
		if !ok {
			return nil, nil
		}
		known := m.table.child(dir, name)
		if known == nil {
			e, err := m.stat(path)
			if isAbsent(err) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			n, err := m.resolveNew(dir, name, &e)
			if n != nil || err != nil {
				return n, err
			}
			continue
		}
		counted, err := m.countFresh(known, dir, name)
		if err != nil {
			return nil, err
		}
		if counted {
			return known, nil
		}
		m.table.release(known)
	}
}

// resolveNew returns the inode of e, which is at a name that is known of no inode, with one lookup counted; nil when that is
// not so any more.
func (m *mount) resolveNew(dir *inode, name string, e *pfs.Entry) (*inode, error) {
	known := m.table.shared(e.Link)
	if known == nil {
		n, entered := m.table.enter(dir, name, newInode(e))
		if !entered {
			return nil, nil
		}
		return n, nil
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	if err := m.refreshLocked(known); err != nil || !m.table.join(known, dir, name) {
		return nil, err
	}
	return known, nil
}

// countFresh counts a lookup of n if it is still what is shown at a name.
func (m *mount) countFresh(n, dir *inode, name string) (bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshAtLocked(n, dir, name); err != nil {
		return false, err
	}
	return m.table.countAt(n, dir, name), nil
}

// refreshLocked brings n in step with the store: it takes over attributes that were changed elsewhere, and loses its place
// to what another door has put there. The caller holds m.paths and n.mu.
func (m *mount) refreshLocked(n *inode) error {
	if !n.link.IsZero() {
		return m.refreshSharedLocked(n)
	}
	if m.readOnly() || n.deleted || !m.table.isAttached(n) {
		return nil
	}
	path, ok := m.table.path(n)
	if !ok {
		m.loseLocked(n)
		return nil
	}
	e, err := m.stat(path)
	switch {
	case isAbsent(err):
		if n.linked.Load() {
			m.loseLocked(n)
		}
		return nil
	case err != nil:
		return err
	case !n.showsLocked(&e):
		m.replaceLocked(n, e.Kind)
		return nil
	}
	m.adoptLocked(n, &e)
	return nil
}

// replaceLocked takes all names away from n, since something of another kind, or with other content, is there.
func (m *mount) replaceLocked(n *inode, kind pfs.EntryKind) {
	m.table.detach(n)
	m.unreserve(n)
	if !n.isFile() || kind != pfs.EntryFile {
		n.deleted = true
	}
}

// adoptLocked has n take over what the store has of it, and that it has got other names.
func (m *mount) adoptLocked(n *inode, e *pfs.Entry) {
	if n.link.IsZero() && !e.Link.IsZero() && !m.table.share(n, e.Link) {
		// Another name of it was looked up before this one: that inode is the file.
		m.succeeded(m.table.places(n))
		m.table.detach(n)
		return
	}
	n.adoptLocked(e)
}

// loseLocked makes n one without a name for good.
func (m *mount) loseLocked(n *inode) {
	if n == m.table.root {
		return
	}
	m.table.detach(n)
	n.deleted = true
	m.unreserve(n)
}

// attrLocked fills in what stat(2) shows of n. The caller holds n.mu.
func (m *mount) attrLocked(n *inode, out *fuse.Attr) {
	size, mode, mtime, ctime := m.sizeLocked(n), n.attr.mode, n.attr.mtime, n.attr.ctime
	if d := n.data.Load(); d != nil {
		written, wm, wc, touched := d.look()
		if size = written; touched {
			mtime, ctime = wm, wc
		}
		mode &^= d.lostBits()
	}
	if named := n.named.Load(); named >= ctime {
		mtime, ctime = named, named
	}
	atime := n.attr.atime
	if atime == 0 {
		atime = mtime
	}
	*out = fuse.Attr{
		Ino: m.table.shown(n.number.Load()), Size: uint64(size), Blocks: uint64(m.roomLocked(n, size)+511) / 512, Blksize: 64 << 10,
		Mode: modeOf(n.kind) | mode, Nlink: max(n.names, 1), Rdev: uint32(n.device),
		Owner: fuse.Owner{Uid: n.attr.uid, Gid: n.attr.gid},
	}
	if n.deleted {
		out.Nlink = 0
	}
	out.Mtime, out.Mtimensec = splitTime(mtime)
	out.Ctime, out.Ctimensec = splitTime(ctime)
	out.Atime, out.Atimensec = splitTime(atime)
	m.cfg.Override.apply(out)
}

// sizeLocked is the size of what n shows when nothing was written to it.
func (m *mount) sizeLocked(n *inode) int64 {
	switch n.kind {
	case pfs.EntryFile:
		return n.content.Size
	case pfs.EntrySymlink:
		return int64(len(n.target))
	case pfs.EntryDir:
		return 4096
	}
	return 0
}

// splitTime returns a time in nanoseconds since 1970 as the kernel takes it.
func splitTime(t int64) (sec uint64, nsec uint32) {
	at := time.Unix(0, t)
	return uint64(at.Unix()), uint32(at.Nanosecond())
}

// modeOf is a kind of entry in the bits of a mode.
func modeOf(kind pfs.EntryKind) uint32 {
	switch kind {
	case pfs.EntryDir:
		return fuse.S_IFDIR
	case pfs.EntrySymlink:
		return fuse.S_IFLNK
	case pfs.EntryFifo:
		return fuse.S_IFIFO
	case pfs.EntrySocket:
		return modeSocket
	case pfs.EntryCharDevice:
		return modeCharDevice
	case pfs.EntryBlockDevice:
		return modeBlockDevice
	}
	return fuse.S_IFREG
}

// fresh says from when on a reply must not be kept: it is taken before the store is read.
type fresh uint64

// begin is called before the store is read for a reply that the kernel is to keep.
func (m *mount) begin() fresh { return fresh(m.foreign.Load()) }

// timeout is how long the kernel may keep a reply: not at all when something has changed since f.
func (m *mount) timeout(f fresh) time.Duration {
	switch {
	case m.readOnly():
		return fixedTimeout
	case uint64(f) != m.foreign.Load():
		return 0
	}
	return longTimeout
}

// reply fills in an entry of n, of which a lookup has been counted.
func (m *mount) reply(n *inode, f fresh, out *fuse.EntryOut) {
	n.mu.Lock()
	m.attrLocked(n, &out.Attr)
	n.mu.Unlock()
	out.NodeId, out.Generation = n.id, 1
	out.SetAttrTimeout(m.timeout(f))
	out.SetEntryTimeout(m.timeout(f))
	if m.contested(n) {
		out.SetEntryTimeout(0)
	}
}

// contested reports whether a written file has lost its place to n: it takes it back when it is closed, and the kernel must
// not be surprised.
func (m *mount) contested(n *inode) bool {
	for _, other := range m.dirty.all() {
		if other != n && m.table.lostTo(other, n) {
			return true
		}
	}
	return false
}
