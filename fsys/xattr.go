package fsys

import (
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"pfsd/pfs"
)

// maxXattrs bounds the names and values of one entry's extended attributes, all together, since they are part of the entry: one
// value of the greatest size that the kernel takes, its name, and some more.
const maxXattrs = 64<<10 + 4<<10

// xattrLabel is where SELinux keeps its labels. ls asks for that of each file unless it is told that there are none, which takes
// more time than all else that ls does. Where there is SELinux the kernel answers by itself.
const xattrLabel = "security.selinux"

// What the mount itself says of an entry. They are not listed, so that programs that copy attributes do not try to set them.
const (
	xattrOurs = "user.pfs."
	// xattrETag is the hash of a file's bytes, as last linked.
	xattrETag = xattrOurs + "etag"
	// xattrCommit is the commit that last changed the entry; absent while that is not made.
	xattrCommit = xattrOurs + "commit"
)

// checkXattr returns what is wrong with the name of an extended attribute: access control lists are not kept, and a space by
// itself is no name.
func checkXattr(name string) fuse.Status {
	for _, space := range []string{"user.", "trusted.", "security."} {
		switch {
		case name == space:
			return fuse.EINVAL
		case strings.HasPrefix(name, space):
			return fuse.OK
		}
	}
	return fuse.Status(syscall.EOPNOTSUPP)
}

// xattrs returns the extended attributes of n that can be set.
func (m *mount) xattrs(n *inode) (map[string][]byte, error) {
	m.paths.RLock()
	defer m.paths.RUnlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshLocked(n); err != nil {
		return nil, err
	}
	return joinXattrs(n.meta), nil
}

// GetXAttr answers the value of an extended attribute.
func (m *mount) GetXAttr(_ <-chan struct{}, h *fuse.InHeader, name string, dest []byte) (uint32, fuse.Status) {
	n := m.node(h)
	if n == nil {
		return 0, fuse.ENOENT
	}
	if st := checkXattr(name); st != fuse.OK {
		return 0, st
	}
	if strings.HasPrefix(name, xattrOurs) || name == xattrMtime {
		value, err := m.ownXattr(n, name)
		switch {
		case err != nil:
			return 0, m.fail("getxattr", err)
		case value == "":
			return 0, fuse.ENOATTR
		}
		return putXattr(dest, []byte(value))
	}
	all, err := m.xattrs(n)
	if err != nil {
		return 0, m.fail("getxattr", err)
	}
	value, ok := all[name]
	switch {
	case ok:
		return putXattr(dest, value)
	case name == xattrLabel:
		return 0, fuse.Status(syscall.EOPNOTSUPP)
	}
	return 0, fuse.ENOATTR
}

// ownXattr returns an attribute that the mount itself gives n; empty when it has none of this name.
func (m *mount) ownXattr(n *inode, name string) (string, error) {
	m.paths.RLock()
	defer m.paths.RUnlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshLocked(n); err != nil {
		return "", err
	}
	switch {
	case name == xattrCommit:
		return m.commitLocked(n)
	case name == xattrETag && n.isFile():
		return n.content.ETag(), nil
	case name == xattrMtime && n.isFile():
		var shown fuse.Attr
		m.attrLocked(n, &shown)
		return formatMtime(int64(shown.Mtime)*int64(time.Second) + int64(shown.Mtimensec)), nil
	}
	return "", nil
}

// commitLocked returns the id of the commit that last changed n; empty when there is none yet. The caller holds m.paths and
// n.mu.
func (m *mount) commitLocked(n *inode) (string, error) {
	path, ok := m.table.path(n)
	if !ok || n.deleted || !n.linked.Load() {
		return "", nil
	}
	v, err := m.snapshot()
	if err != nil || v.Snapshot == nil {
		return "", err
	}
	e, err := v.stat(m.ctx, path)
	if isAbsent(err) {
		return "", nil
	}
	if err != nil || e.Changed.Commit.IsZero() || e.Changed.Commit == v.Version().Pending {
		return "", err
	}
	return e.Changed.Commit.String(), nil
}

// putXattr answers a value, or only its size when dest is too small for it.
func putXattr(dest, value []byte) (uint32, fuse.Status) {
	if len(value) > len(dest) {
		return uint32(len(value)), fuse.ERANGE
	}
	return uint32(copy(dest, value)), fuse.OK
}

// ListXAttr answers the names of the extended attributes.
func (m *mount) ListXAttr(_ <-chan struct{}, h *fuse.InHeader, dest []byte) (uint32, fuse.Status) {
	n := m.node(h)
	if n == nil {
		return 0, fuse.ENOENT
	}
	all, err := m.xattrs(n)
	if err != nil {
		return 0, m.fail("listxattr", err)
	}
	var names []byte
	for _, name := range slices.Sorted(maps.Keys(all)) {
		names = append(append(names, name...), 0)
	}
	return putXattr(dest, names)
}

// SetXAttr sets an extended attribute.
func (m *mount) SetXAttr(_ <-chan struct{}, in *fuse.SetXAttrIn, name string, value []byte) fuse.Status {
	n := m.node(&in.InHeader)
	if n == nil {
		return fuse.ENOENT
	}
	kept := slices.Clone(value[:min(int(in.Size), len(value))])
	if name == xattrAccess {
		return m.setACL(&in.Caller, n, kept)
	}
	if strings.HasPrefix(name, xattrObject) {
		if st := checkObjectXattr(name, kept); st != fuse.OK {
			return m.unlessReadOnly(st)
		}
	}
	return m.changeXattrs(&in.Caller, n, name, func(all map[string][]byte) fuse.Status {
		_, had := all[name]
		switch {
		case had && in.Flags&unix.XATTR_CREATE != 0:
			return fuse.Status(syscall.EEXIST)
		case !had && in.Flags&unix.XATTR_REPLACE != 0:
			return fuse.ENOATTR
		}
		all[name] = kept
		return checkXattrSizes(all)
	})
}

// unlessReadOnly returns st, or what all changes of a version that cannot change are answered with.
func (m *mount) unlessReadOnly(st fuse.Status) fuse.Status {
	if m.readOnly() {
		return fuse.EROFS
	}
	return st
}

// RemoveXAttr removes an extended attribute.
func (m *mount) RemoveXAttr(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	n := m.node(h)
	if n == nil {
		return fuse.ENOENT
	}
	if name == xattrAccess || name == xattrDefault {
		return m.unlessReadOnly(fuse.OK) // There is none, which is no error for a list.
	}
	return m.changeXattrs(&h.Caller, n, name, func(all map[string][]byte) fuse.Status {
		if _, had := all[name]; !had {
			return fuse.ENOATTR
		}
		delete(all, name)
		return fuse.OK
	})
}

// changeXattrs lets fn change a copy of the extended attributes of n, and puts it in their place.
func (m *mount) changeXattrs(who *fuse.Caller, n *inode, name string, fn func(all map[string][]byte) fuse.Status) fuse.Status {
	if m.readOnly() {
		return fuse.EROFS
	}
	if strings.HasPrefix(name, xattrOurs) {
		return fuse.EPERM
	}
	if st := checkXattr(name); st != fuse.OK {
		return st
	}
	m.paths.RLock()
	defer m.paths.RUnlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshLocked(n); err != nil {
		return m.fail("setxattr", err)
	}
	all := joinXattrs(n.meta)
	if st := fn(all); st != fuse.OK {
		return st
	}
	meta, now := splitXattrs(all, n.meta), m.now()
	err := m.editLocked(users{who.Uid}, n, func(e *pfs.Entry) {
		// Of what another door has attached meanwhile nothing gets lost.
		if all := joinXattrs(e.Meta); fn(all) == fuse.OK {
			meta = splitXattrs(all, e.Meta)
		}
		e.Meta, e.Ctime = meta, now
	})
	if err != nil {
		return m.fail("setxattr", err)
	}
	n.meta, n.attr.ctime = meta, now
	if d := n.data.Load(); d != nil {
		d.retime(false, 0, stamp{now, who.Uid})
	}
	return fuse.OK
}
