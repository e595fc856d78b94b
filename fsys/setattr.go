package fsys

import (
	"math"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// Bits of a mode that a change of owner or content takes away.
const (
	modeSetUID  = 0o4000
	modeSetGID  = 0o2000
	modeGroupX  = 0o010
	modeAllBits = 0o7777
)

// SetAttr does chmod, chown, utimens and truncate, any of them at once.
func (m *mount) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	n := m.node(&in.InHeader)
	if n == nil {
		return fuse.ENOENT
	}
	if m.readOnly() {
		return fuse.EROFS
	}
	asked := m.begin()
	alone, err := m.setAttr(n, in)
	if err == nil && alone {
		// Nobody has it open for writing, so that nobody will close it.
		err = m.link(n)
		m.idle(n)
	}
	if err != nil {
		return m.fail("setattr", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	m.attrLocked(n, &out.Attr)
	out.SetTimeout(m.timeout(asked))
	return fuse.OK
}

// setAttr changes attributes and size of n. alone is set when the size was changed and there is no handle whose closing
// would link that.
func (m *mount) setAttr(n *inode, in *fuse.SetAttrIn) (alone bool, err error) {
	m.paths.RLock()
	defer m.paths.RUnlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshLocked(n); err != nil {
		return false, err
	}
	now := m.now()
	if size, ok := in.GetSize(); ok {
		if !n.isFile() {
			return false, &pfs.Error{Op: "fsys.truncate", Kind: pfs.KindInvalid}
		}
		if err := m.dataLocked(n).truncate(int64(size), stamp{now, in.Uid}); err != nil {
			return false, err
		}
		m.dirty.add(n)
		alone = n.writers == 0
	}
	if in.Valid&fuse.FATTR_ATIME != 0 {
		n.attr.atime = timeOf(in.Valid&fuse.FATTR_ATIME_NOW != 0, in.Atime, in.Atimensec, now)
	}
	next, changed := wanted(n, in, now)
	if !changed {
		return alone, nil
	}
	retimed := in.Valid&fuse.FATTR_MTIME != 0
	d := n.data.Load()
	later := d != nil && d.retime(retimed, next.mtime, stamp{now, in.Uid}) // The times go with the bytes, when they are linked.
	if retimed = retimed && !later; !later || next.mode != n.attr.mode || next.uid != n.attr.uid || next.gid != n.attr.gid {
		err = m.editLocked(users{in.Uid}, n, func(e *pfs.Entry) {
			e.Mode, e.UID, e.GID, e.Ctime = next.mode, next.uid, next.gid, next.ctime
			if retimed {
				e.Mtime = next.mtime
			}
		})
	}
	if err != nil {
		return alone, err
	}
	n.attr = next
	if d != nil && in.Valid&fuse.FATTR_MODE != 0 {
		d.regain()
	}
	if in.Valid&fuse.FATTR_MTIME != 0 {
		n.named.Store(0)
	}
	return alone, nil
}

// wanted returns the attributes that n shall have, and whether anything is set, be it to what it is, which is a
// change that ctime tells of.
func wanted(n *inode, in *fuse.SetAttrIn, now int64) (next attr, changed bool) {
	next = n.attr
	mode, setMode := in.GetMode()
	uid, setUID := in.GetUID()
	gid, setGID := in.GetGID()
	if setMode {
		next.mode = mode & modeAllBits
	}
	if setUID {
		next.uid = uid
	}
	if setGID {
		next.gid = gid
	}
	if n.kind != pfs.EntryDir && (killsPrivilege(in) || (setUID || setGID) && !setMode) {
		next.mode &^= privileges(next.mode, &in.Caller, n.attr.gid)
	}
	setMtime := in.Valid&fuse.FATTR_MTIME != 0
	if setMtime {
		next.mtime = timeOf(in.Valid&fuse.FATTR_MTIME_NOW != 0, in.Mtime, in.Mtimensec, now)
	}
	setAtime := in.Valid&fuse.FATTR_ATIME != 0
	changed = setMode || setUID || setGID || setMtime || setAtime || next.mode != n.attr.mode
	if changed {
		next.ctime = now
	}
	return next, changed
}

// killsPrivilege reports whether the kernel sends in because an ordinary user is about to change a setuid file: it says so when
// that truncates, and before a write it sends a request that sets nothing, whose answer it then shows.
func killsPrivilege(in *fuse.SetAttrIn) bool {
	return in.Valid&fuse.FATTR_KILL_SUIDGID != 0 || in.Valid&^(fuse.FATTR_FH|fuse.FATTR_LOCKOWNER) == 0
}

// timeOf returns a time that the kernel sent; one that does not fit in nanoseconds becomes the nearest that does.
func timeOf(isNow bool, sec uint64, nsec uint32, now int64) int64 {
	if isNow {
		return now
	}
	const second = int64(1e9)
	const limit = math.MaxInt64/second - 1
	return min(max(int64(sec), -limit), limit)*second + int64(nsec)
}

// editLocked changes the stored entry of n, if it has one, on behalf of users. The caller holds m.paths and n.mu.
func (m *mount) editLocked(who users, n *inode, fn func(e *pfs.Entry)) error {
	shared := !n.link.IsZero()
	if n.deleted || !n.linked.Load() || !shared && !m.table.isAttached(n) {
		return nil
	}
	path, ok := m.table.path(n)
	if !ok && !shared {
		return nil
	}
	edit := func(e *pfs.Entry) error {
		if e.Kind != n.kind {
			return nil // Another door has put something else there.
		}
		fn(e)
		e.Explicit = e.IsDir()
		return nil
	}
	err := m.change(who, func(tx *pfs.Tx) error {
		if shared {
			return tx.EditLink(n.link, edit)
		}
		return tx.Edit(path, edit)
	})
	if isAbsent(err) && n != m.table.root {
		m.loseLocked(n)
		return nil
	}
	if other := m.table.shared(n.link); shared && other != nil && other != n {
		m.notify.attributes(other.id) // It is shown of the same file.
	}
	return err
}
