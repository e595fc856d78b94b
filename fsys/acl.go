package fsys

import (
	"encoding/binary"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// Access control lists are not kept. But one that says no more than a mode does is a chmod, as on file systems that have lists:
// tar(1) sets such a one for each file. The kernel has seen to it that the owner asks.
const (
	xattrAccess  = "system.posix_acl_access"
	xattrDefault = "system.posix_acl_default"
)

// The format of a list, as <linux/posix_acl_xattr.h> has it: a version, and entries of a tag, permissions and an id.
const (
	aclVersion   = 2
	aclHeadSize  = 4
	aclEntrySize = 8
	aclUserObj   = 0x01
	aclGroupObj  = 0x04
	aclOther     = 0x20
)

// modeOfACL returns the permissions that a list stands for; ok is false for one that says more than a mode can.
func modeOfACL(list []byte) (mode uint32, ok bool) {
	if len(list) != aclHeadSize+3*aclEntrySize || binary.LittleEndian.Uint32(list) != aclVersion {
		return 0, false
	}
	for i, tag := range []uint16{aclUserObj, aclGroupObj, aclOther} {
		entry := list[aclHeadSize+i*aclEntrySize:]
		permissions := uint32(binary.LittleEndian.Uint16(entry[2:]))
		if binary.LittleEndian.Uint16(entry) != tag || permissions > 7 {
			return 0, false
		}
		mode = mode<<3 | permissions
	}
	return mode, true
}

// setACL gives n the mode that a list stands for.
func (m *mount) setACL(who *fuse.Caller, n *inode, list []byte) fuse.Status {
	mode, ok := modeOfACL(list)
	switch {
	case m.readOnly():
		return fuse.EROFS
	case !ok:
		return fuse.Status(syscall.EOPNOTSUPP)
	}
	m.paths.RLock()
	defer m.paths.RUnlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshLocked(n); err != nil {
		return m.fail("setxattr", err)
	}
	mode |= n.attr.mode &^ 0o777
	if mode&modeSetGID != 0 && !mayKeepGroup(who, n.attr.gid) {
		mode &^= modeSetGID
	}
	now := m.now()
	err := m.editLocked(users{who.Uid}, n, func(e *pfs.Entry) { e.Mode, e.Ctime = mode, now })
	if err != nil {
		return m.fail("setxattr", err)
	}
	n.attr.mode, n.attr.ctime = mode, now
	if d := n.data.Load(); d != nil {
		d.regain()
		d.retime(false, 0, stamp{now, who.Uid})
	}
	m.notify.now(n) // The kernel does not expect a mode to be changed so.
	return fuse.OK
}
