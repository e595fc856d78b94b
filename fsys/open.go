package fsys

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// canWrite reports whether a handle opened with flags can change the file.
func canWrite(flags uint32) bool { return flags&syscall.O_ACCMODE != syscall.O_RDONLY }

// dataLocked returns the data of a regular file, as it is now. The caller holds n.mu.
func (m *mount) dataLocked(n *inode) *fileData {
	d := n.data.Load()
	if d == nil {
		d = newFileData(m.store, &m.scratch, n.content)
		n.data.Store(d)
	}
	return d
}

// Open opens a file. It needs nothing from the store: the content is that which was shown when its name was looked up.
func (m *mount) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	n := m.node(&in.InHeader)
	switch {
	case n == nil:
		return fuse.ENOENT
	case !n.isFile():
		return fuse.EINVAL
	case m.readOnly() && (canWrite(in.Flags) || in.Flags&syscall.O_TRUNC != 0):
		return fuse.EROFS
	}
	return m.open(n, opening{
		who: &in.Caller, flags: in.Flags,
		empties: in.Flags&syscall.O_TRUNC != 0, kills: in.Mode&fuse.OPEN_KILL_SUIDGID != 0,
	}, out)
}

// opening says how a file is opened, and by whom.
type opening struct {
	who   *fuse.Caller
	flags uint32
	// empties is set when it loses its bytes by that, and kills when it loses with them the bits of its mode that lend rights.
	empties, kills bool
}

// open gives the kernel a handle of n.
func (m *mount) open(n *inode, how opening, out *fuse.OpenOut) fuse.Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := m.dataLocked(n)
	if how.empties {
		if err := m.truncateLocked(n, d, how); err != nil {
			return m.fail("open", err)
		}
	}
	m.table.open(n)
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	if canWrite(how.flags) {
		n.writers++
		d.openedBy(how.who.Uid)
	}
	if !d.changed() && !canWrite(how.flags) {
		out.OpenFlags |= fuse.FOPEN_NOFLUSH
	}
	return fuse.OK
}

// truncateLocked empties a file that is being opened.
func (m *mount) truncateLocked(n *inode, d *fileData, how opening) error {
	if err := d.truncate(0, m.stamp(how.who)); err != nil {
		return err
	}
	if how.kills && n.dropPrivilegesLocked(d, how.who) {
		// The kernel keeps the mode that it knows; the answer to an open does not say another.
		m.notify.now(n)
	}
	m.dirty.add(n)
	return nil
}

// Create makes a regular file and opens it; one that is there it opens.
func (m *mount) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	dir := m.node(&in.InHeader)
	if dir == nil {
		return fuse.ENOENT
	}
	if m.readOnly() {
		return fuse.EROFS
	}
	if st := checkNewName(name); st != fuse.OK {
		return st
	}
	m.paths.RLock()
	defer m.paths.RUnlock()
	if st := m.checkPath(dir, name); st != fuse.OK {
		return st
	}
	asked := m.begin()
	n, isNew, st := m.create(dir, in, name)
	if st != fuse.OK {
		return st
	}
	how := opening{
		who: &in.Caller, flags: in.Flags,
		// A new file has nothing to lose, and keeps the mode that it is made with.
		empties: !isNew && in.Flags&syscall.O_TRUNC != 0, kills: in.OpenFlags&fuse.OPEN_KILL_SUIDGID != 0,
	}
	if st := m.open(n, how, &out.OpenOut); st != fuse.OK {
		m.table.forget(n.id, 1)
		return st
	}
	m.reply(n, asked, &out.EntryOut)
	return fuse.OK
}

// create returns the file at a name, and whether it is new, with one lookup counted. A new one is known in this mount alone until it is
// closed: its name is promised to it, so that no other mount can create it exclusively.
func (m *mount) create(dir *inode, in *fuse.CreateIn, name string) (n *inode, isNew bool, st fuse.Status) {
	path, _ := m.table.childPath(dir, name)
	exclusive := in.Flags&syscall.O_EXCL != 0
	n, err := m.newFile(in)
	if err != nil {
		return nil, false, m.fail("create", err)
	}
	if !m.cfg.Names.take(promise{m.ref(), path}, n) && exclusive {
		return nil, false, fuse.Status(syscall.EEXIST)
	}
	had, err := m.resolve(dir, name)
	if had == nil && err == nil {
		err = m.inherit(dir, n, in.Uid)
	}
	if err != nil || had != nil {
		m.unreserve(n)
	}
	switch {
	case err != nil:
		return nil, false, m.fail("create", err)
	case had == nil:
		at, entered := m.table.enter(dir, name, n)
		if !entered {
			m.unreserve(n)
			return at, false, m.reuse(at)
		}
		m.lostFor(dir, name)
		m.dirty.add(n)
		dir.named.Store(n.attr.btime)
		return n, true, fuse.OK
	case exclusive:
		m.table.forget(had.id, 1)
		return nil, false, fuse.Status(syscall.EEXIST)
	case had.kind == pfs.EntryDir:
		m.table.forget(had.id, 1)
		return nil, false, fuse.EISDIR
	case !had.isFile():
		m.table.forget(had.id, 1)
		return nil, false, fuse.Status(syscall.EEXIST)
	}
	return had, false, fuse.OK
}

// reuse counts a lookup of an inode that another request was faster to make.
func (m *mount) reuse(n *inode) fuse.Status {
	if !m.table.count(n) || !n.isFile() {
		return fuse.Status(syscall.EEXIST)
	}
	return fuse.OK
}

// newFile returns an inode of an empty file that nobody knows of.
func (m *mount) newFile(in *fuse.CreateIn) (*inode, error) {
	number, err := m.store.NewNumber()
	if err != nil {
		return nil, err
	}
	now := m.now()
	n := &inode{kind: pfs.EntryFile, content: m.empty.Content, attr: attr{
		mode: in.Mode & modeAllBits, uid: in.Uid, gid: in.Gid, mtime: now, ctime: now, btime: now,
	}}
	d := newFileData(m.store, &m.scratch, n.content)
	d.touch(stamp{now, in.Uid})
	n.data.Store(d)
	n.number.Store(number)
	return n, nil
}

// inherit gives a new file the group of a setgid directory, and sees to it that the directory stays until the file is linked.
func (m *mount) inherit(dir, n *inode, uid uint32) error {
	path, parent, err := m.inheritGroup(dir, n)
	if err != nil || parent.Explicit {
		return err
	}
	// Else another door could have it disappear with its last entry, before the new file is linked.
	return m.change(users{uid}, func(tx *pfs.Tx) error {
		return tx.Edit(path, func(e *pfs.Entry) error {
			e.Explicit = e.IsDir()
			return nil
		})
	})
}

// inheritGroup gives a new file the group of a setgid directory, and returns that. It fails when the directory is not there
// any more. The caller holds m.paths.
func (m *mount) inheritGroup(dir, n *inode) (path string, parent pfs.Entry, err error) {
	path, ok := m.table.path(dir)
	if !ok || !m.table.isAttached(dir) {
		return "", parent, &pfs.Error{Op: "fsys.create", Kind: pfs.KindFileNotFound}
	}
	parent, err = m.stat(path)
	switch {
	case err != nil:
		return path, parent, err
	case !parent.IsDir():
		return path, parent, &pfs.Error{Op: "fsys.create", Kind: pfs.KindNotDir, Path: path}
	case m.fixed == nil && path == "":
		// An empty directory is shown for a branch that is not there; nothing can be made in it.
		if _, err := m.live(); err != nil {
			return path, parent, err
		}
	}
	if parent.Mode&modeSetGID != 0 {
		n.attr.gid = parent.GID
	}
	return path, parent, nil
}

// lostFor ends the claims of written files that had lost their place at a name to another door: this mount itself has put
// something else there now.
func (m *mount) lostFor(dir *inode, name string) {
	for _, n := range m.dirty.all() {
		if m.table.wasAt(n, dir, name) {
			m.abandon(n)
		}
	}
}

// abandon marks n as removed.
func (m *mount) abandon(n *inode) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.link.IsZero() {
		return // It may have other names, which its next use will show.
	}
	m.loseLocked(n)
}

// Tmpfile makes a file without a name, and opens it.
func (m *mount) Tmpfile(_ <-chan struct{}, in *fuse.CreateIn, out *fuse.CreateOut) fuse.Status {
	dir := m.node(&in.InHeader)
	if dir == nil {
		return fuse.ENOENT
	}
	if m.readOnly() {
		return fuse.EROFS
	}
	n, err := m.newFile(in)
	if err != nil {
		return m.fail("tmpfile", err)
	}
	n.deleted = true
	m.paths.RLock()
	_, _, err = m.inheritGroup(dir, n)
	m.paths.RUnlock()
	if err != nil {
		return m.fail("tmpfile", err)
	}
	m.table.addNameless(dir, n)
	if st := m.open(n, opening{who: &in.Caller, flags: in.Flags}, &out.OpenOut); st != fuse.OK {
		return st
	}
	m.reply(n, m.begin(), &out.EntryOut)
	return fuse.OK
}

// Release ends a handle. What it wrote has been linked by Flush, but for what a mapping wrote after that: the periodic link
// sees to it.
func (m *mount) Release(_ <-chan struct{}, in *fuse.ReleaseIn) {
	n := m.node(&in.InHeader)
	if n == nil {
		return
	}
	n.mu.Lock()
	if canWrite(in.Flags) {
		n.writers--
	}
	n.mu.Unlock()
	m.table.close(n)
	m.idle(n)
}

// idle drops the data of a file that is not open, if it has no changes that can still be linked.
func (m *mount) idle(n *inode) {
	n.mu.Lock()
	d := n.data.Load()
	if d != nil && m.table.isClosed(n) {
		if !d.changed() || n.deleted {
			n.data.Store(nil)
			m.dirty.remove(n)
			d.close()
		}
	}
	n.mu.Unlock()
	m.table.release(n)
	if m.released != nil {
		m.released()
	}
}
