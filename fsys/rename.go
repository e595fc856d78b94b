package fsys

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"pfsd/pfs"
)

// move is a rename: which names, by whom, and what to do when there is something at the second.
type move struct {
	fromDir, toDir *inode
	from, to       string
	who            users
	mode           pfs.RenameMode
}

// Rename moves a name, with all that is below it. Handles of what is moved, and of what is replaced, go on.
func (m *mount) Rename(_ <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	mv := move{fromDir: m.node(&in.InHeader), toDir: m.table.get(in.Newdir), from: from, to: to, who: users{in.Uid}}
	if mv.fromDir == nil || mv.toDir == nil {
		return fuse.ENOENT
	}
	if m.readOnly() {
		return fuse.EROFS
	}
	switch in.Flags {
	case 0:
		mv.mode = pfs.RenameReplace
	case unix.RENAME_NOREPLACE:
		mv.mode = pfs.RenameNoReplace
	case unix.RENAME_EXCHANGE:
		mv.mode = pfs.RenameExchange
	default:
		return fuse.EINVAL
	}
	if st := checkNewName(to); st != fuse.OK {
		return st
	}
	for {
		// A new file is seen by everybody from its first rename on, and what is private cannot be moved in the store.
		if err := m.linkMoved(mv); err != nil {
			return m.fail("rename", err)
		}
		if st, done := m.rename(mv); done {
			return st
		}
	}
}

// linkMoved links the written files that a rename is about.
func (m *mount) linkMoved(mv move) error {
	for _, n := range m.dirty.all() {
		if m.isMoved(mv, n) {
			if err := m.link(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// isMoved reports whether n is what is moved, or below it, on either side of an exchange.
func (m *mount) isMoved(mv move, n *inode) bool {
	if source := m.table.child(mv.fromDir, mv.from); source != nil && (n == source || m.table.isBelow(n, source)) {
		return true
	}
	target := m.table.child(mv.toDir, mv.to)
	return mv.mode == pfs.RenameExchange && target != nil && (n == target || m.table.isBelow(n, target))
}

// rename does it, unless somebody has made a new file below what is to be moved, that is not linked yet: then it is not
// done.
func (m *mount) rename(mv move) (st fuse.Status, done bool) {
	m.paths.Lock()
	defer m.paths.Unlock()
	for _, n := range m.dirty.all() {
		if !n.linked.Load() && m.isMoved(mv, n) && !m.isDeleted(n) {
			return 0, false
		}
	}
	if st := m.checkPath(mv.toDir, mv.to); st != fuse.OK {
		return st, true
	}
	from, fromOK := m.table.childPath(mv.fromDir, mv.from)
	to, toOK := m.table.childPath(mv.toDir, mv.to)
	if !fromOK || !toOK {
		return fuse.ENOENT, true
	}
	defer m.cfg.Names.hold(promise{m.ref(), from})()
	defer m.cfg.Names.hold(promise{m.ref(), to})()
	if m.hasPromised(mv, from, to) {
		return fuse.Status(syscall.EBUSY), true
	}
	target := m.table.child(mv.toDir, mv.to)
	if st := m.checkTarget(mv, target, to); st != fuse.OK {
		return st, true
	}
	if err := m.refreshAt(target, mv.toDir, mv.to); err != nil {
		return m.fail("rename", err), true
	}
	err := m.change(mv.who, func(tx *pfs.Tx) error { return tx.Rename(from, to, mv.mode) })
	if err != nil {
		return m.fail("rename", err), true
	}
	m.table.move(mv.fromDir, mv.from, mv.toDir, mv.to, mv.mode == pfs.RenameExchange)
	if target != nil && mv.mode != pfs.RenameExchange && !m.table.isAttached(target) {
		m.abandon(target)
	}
	m.lostFor(mv.toDir, mv.to)
	return fuse.OK, true
}

// hasPromised reports whether another mount has new files below what is moved, on either side of an exchange: they are made
// where they were promised, and would be lost there without a word. (Those of this mount have been linked.)
func (m *mount) hasPromised(mv move, from, to string) bool {
	return m.cfg.Names.anyBelow(promise{m.ref(), from}) ||
		mv.mode == pfs.RenameExchange && m.cfg.Names.anyBelow(promise{m.ref(), to})
}

// refreshAt brings n, which may be nil, in step with the store.
func (m *mount) refreshAt(n, dir *inode, name string) error {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return m.refreshAtLocked(n, dir, name)
}

// checkTarget returns what stops a rename from taking the place of target, which may be nil, at path, for what the store does
// not know.
func (m *mount) checkTarget(mv move, target *inode, path string) fuse.Status {
	taken := m.cfg.Names.isTaken(promise{m.ref(), path})
	switch {
	case mv.mode == pfs.RenameExchange:
		return fuse.OK
	case mv.mode == pfs.RenameNoReplace && (taken || target != nil && !target.linked.Load()):
		return fuse.Status(syscall.EEXIST)
	case taken && m.isDir(mv.fromDir, mv.from):
		return fuse.ENOTDIR
	case mv.mode == pfs.RenameReplace && m.hasNewFiles(target, path):
		return fuse.Status(syscall.ENOTEMPTY)
	}
	return fuse.OK
}

// isDir reports whether a directory is known at a name, as the kernel has seen that it does of all that it renames.
func (m *mount) isDir(dir *inode, name string) bool {
	n := m.table.child(dir, name)
	return n != nil && n.kind == pfs.EntryDir
}
