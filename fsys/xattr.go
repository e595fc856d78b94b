package fsys

import (
	"maps"
	"slices"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"pfsd/pfs"
)

// maxXattrs bounds the names and values of one entry's extended attributes, all together: they are part of the entry.
const maxXattrs = 64 << 10

// xattrETag is the content's hash, which the mount itself gives.
const xattrETag = "user.pfs.etag"

// checkXattr returns what is wrong with the name of an extended attribute: access control lists are not kept.
func checkXattr(name string) fuse.Status {
	for _, space := range []string{"user.", "trusted.", "security."} {
		if strings.HasPrefix(name, space) {
			return fuse.OK
		}
	}
	return fuse.Status(syscall.EOPNOTSUPP)
}

// xattrs returns the extended attributes of n, not to be changed.
func (m *mount) xattrs(n *inode) (map[string][]byte, error) {
	m.paths.RLock()
	defer m.paths.RUnlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshLocked(n); err != nil || n.meta == nil {
		return nil, err
	}
	return n.meta.Xattrs, nil
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
	if name == xattrETag && n.isFile() {
		return putXattr(dest, []byte(m.etag(n)))
	}
	all, err := m.xattrs(n)
	if err != nil {
		return 0, m.fail("getxattr", err)
	}
	value, ok := all[name]
	if !ok {
		return 0, fuse.ENOATTR
	}
	return putXattr(dest, value)
}

// etag returns the hash of the content as last linked.
func (m *mount) etag(n *inode) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.content.ETag()
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
	if name == xattrETag {
		return fuse.EPERM
	}
	kept := slices.Clone(value[:min(int(in.Size), len(value))])
	return m.changeXattrs(n, name, func(all map[string][]byte) fuse.Status {
		_, had := all[name]
		switch {
		case had && in.Flags&unix.XATTR_CREATE != 0:
			return fuse.Status(syscall.EEXIST)
		case !had && in.Flags&unix.XATTR_REPLACE != 0:
			return fuse.ENOATTR
		}
		all[name] = kept
		size := 0
		for name, value := range all {
			size += len(name) + len(value)
		}
		if size > maxXattrs {
			return fuse.Status(syscall.ENOSPC)
		}
		return fuse.OK
	})
}

// RemoveXAttr removes an extended attribute.
func (m *mount) RemoveXAttr(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	n := m.node(h)
	if n == nil {
		return fuse.ENOENT
	}
	return m.changeXattrs(n, name, func(all map[string][]byte) fuse.Status {
		if _, had := all[name]; !had {
			return fuse.ENOATTR
		}
		delete(all, name)
		return fuse.OK
	})
}

// changeXattrs lets fn change a copy of the extended attributes of n, and puts it in their place.
func (m *mount) changeXattrs(n *inode, name string, fn func(all map[string][]byte) fuse.Status) fuse.Status {
	if m.readOnly() {
		return fuse.EROFS
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
	meta, st := withXattrs(n.meta, fn)
	if st != fuse.OK {
		return st
	}
	now := m.now()
	err := m.editLocked(n, func(e *pfs.Entry) { e.Meta, e.Ctime = meta, now })
	if err != nil {
		return m.fail("setxattr", err)
	}
	n.meta, n.attr.ctime = meta, now
	if d := n.data.Load(); d != nil {
		d.retime(false, 0, now)
	}
	return fuse.OK
}

// withXattrs returns a copy of old, which may be nil, with its extended attributes as fn makes them.
func withXattrs(old *pfs.Meta, fn func(all map[string][]byte) fuse.Status) (*pfs.Meta, fuse.Status) {
	meta := pfs.Meta{}
	if old != nil {
		meta = *old
	}
	meta.Xattrs = maps.Clone(meta.Xattrs)
	if meta.Xattrs == nil {
		meta.Xattrs = make(map[string][]byte)
	}
	st := fn(meta.Xattrs)
	if len(meta.Xattrs) > 0 {
		return &meta, st
	}
	meta.Xattrs = nil
	if old == nil || meta.ContentType == "" && len(meta.Headers)+len(meta.User)+len(meta.Tags)+len(meta.Checksums) == 0 {
		return nil, st
	}
	return &meta, st
}
