package fsys

import (
	"context"

	"pfsd/pfs"
)

// refreshSharedLocked is refreshLocked for the file of several names that n is. What it is, is not said by any name. The
// caller holds n.mu.
func (m *mount) refreshSharedLocked(n *inode) error {
	if m.readOnly() || n.deleted || !m.table.isShared(n) {
		return nil
	}
	e, err := m.statShared(n)
	switch {
	case isAbsent(err):
		m.loseLocked(n)
		return nil
	case err != nil:
		return err
	case !n.showsLocked(&e):
		m.replaceLocked(n, e.Kind)
		return nil
	}
	n.adoptLocked(&e)
	return nil
}

// statShared returns the file of several names that n is.
func (m *mount) statShared(n *inode) (pfs.Entry, error) {
	v, err := m.snapshot()
	if err != nil {
		return pfs.Entry{}, err
	}
	return v.statLink(m.ctx, n.link)
}

// statLink returns the file of several names that has an id.
func (v view) statLink(ctx context.Context, id pfs.LinkID) (pfs.Entry, error) {
	if v.Snapshot != nil {
		return v.StatLink(ctx, id)
	}
	return pfs.Entry{}, &pfs.Error{Op: "fsys.stat", Kind: pfs.KindFileNotFound}
}

// refreshAtLocked is refreshLocked, and takes a name away from n that is none of its any more. The caller holds m.paths and
// n.mu.
func (m *mount) refreshAtLocked(n, dir *inode, name string) error {
	if err := m.refreshLocked(n); err != nil || n.link.IsZero() || m.readOnly() || !m.table.isAt(n, dir, name) {
		return err
	}
	path, ok := m.table.childPath(dir, name)
	if !ok {
		m.table.leave(n, dir, name)
		return nil
	}
	e, err := m.stat(path)
	switch {
	case isAbsent(err), err == nil && e.Link != n.link:
		m.table.leave(n, dir, name)
	case err != nil:
		return err
	}
	return nil
}

// passShared tells the kernel that files of several names have changed.
func (m *mount) passShared(ids []pfs.LinkID) {
	for _, id := range ids {
		n := m.table.shared(id)
		if n == nil {
			continue
		}
		m.notify.server.InodeNotify(n.id, -1, 0)
		for _, p := range m.table.places(n) {
			m.notify.server.EntryNotify(p.dir.id, p.name)
		}
	}
}
