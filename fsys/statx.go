package fsys

import (
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Statx answers statx(2) where that asks for more than stat(2) has: the time of birth.
func (m *mount) Statx(_ <-chan struct{}, in *fuse.StatxIn, out *fuse.StatxOut) fuse.Status {
	n := m.node(&in.InHeader)
	if n == nil {
		return fuse.ENOENT
	}
	asked := m.begin()
	m.paths.RLock()
	defer m.paths.RUnlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := m.refreshLocked(n); err != nil {
		return m.fail("statx", err)
	}
	var attr fuse.Attr
	m.attrLocked(n, &attr)
	out.Statx = fuse.Statx{
		Mask: statxMask, Ino: attr.Ino, Mode: uint16(attr.Mode), Nlink: attr.Nlink, Uid: attr.Uid, Gid: attr.Gid,
		Size: attr.Size, Blocks: attr.Blocks, Blksize: attr.Blksize,
		Atime: statxTime(attr.Atime, attr.Atimensec), Mtime: statxTime(attr.Mtime, attr.Mtimensec),
		Ctime: statxTime(attr.Ctime, attr.Ctimensec), Btime: statxTime(splitTime(n.attr.btime)),
	}
	out.SetTimeout(m.timeout(asked))
	return fuse.OK
}

// statxMask says that all is set that stat(2) has, and the time of birth: STATX_BASIC_STATS and STATX_BTIME.
const statxMask = 0x7ff | 0x800

func statxTime(sec uint64, nsec uint32) fuse.SxTime { return fuse.SxTime{Sec: sec, Nsec: nsec} }
