package fsys

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// Inode numbers are a function of what is shown: of Entry.Number, and of the tree. So they are the same when the kernel has
// forgotten an inode, and after the next mount, and no two files of one connection have the same.

// ownNumbers is above the numbers of what is in no version: pages, and the directories of repos.
const ownNumbers = 1 << 48

// placed returns the key of a tree that is found by a name below the page hidden in another tree.
func placed(within uint64, name string) uint64 {
	sum := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, within), name...))
	return binary.BigEndian.Uint64(sum[:])
}

// repoNumber returns the inode number of a repo's directory.
func repoNumber(r pfs.Repo) uint64 { return r.Number%(ownNumbers/2) + ownNumbers/2 }

// shown returns the inode number of what has a number in the store. It is one to one, but for the few that would be numbers
// of pages.
func (t *table) shown(number uint64) uint64 {
	ino := number ^ t.key
	if ino < ownNumbers {
		ino |= 1 << 63
	}
	return ino
}

// listed returns the inode number at a listed name, of which stored is what the store has, nil for nothing.
func (t *table) listed(dir *inode, name string, stored *pfs.Entry) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := dir.children[name]
	switch {
	case n != nil && (stored == nil || n.apart.Load()):
		return t.shown(n.number.Load())
	case stored != nil:
		return t.shown(stored.Number)
	}
	return fuse.FUSE_UNKNOWN_INO
}

// parentNumber returns the inode number of the directory above dir.
func (t *table) parentNumber(dir *inode) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if dir.parent != nil {
		dir = dir.parent
	}
	return t.shown(dir.number.Load())
}

// strayLocked notes that n has lost its last place.
func (t *table) strayLocked(n *inode) {
	if n.opens > 0 {
		n.strayAs = n.number.Load()
		t.strays[n.strayAs] = n
	}
}

// settleLocked notes that n has a place, or is dropped.
func (t *table) settleLocked(n *inode) {
	if t.strays[n.strayAs] == n {
		delete(t.strays, n.strayAs)
	}
}
