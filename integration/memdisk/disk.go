// Package memdisk is a disk in memory, mounted through FUSE, for tests: it forgets what was not synced when power is cut, and fails
// the calls that a test wants to fail.
package memdisk

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const pageSize = 4096

// Disk is a disk in memory that knows what of it would survive a power cut: the bytes of files that were synced, with
// their names, and the names in directories that were. All else survives by chance: each page by itself, or a part of it,
// and of the changes of a directory the first ones. POSIX does not promise the name of a file that was synced, but ext4, XFS
// and btrfs keep it, and Badger relies on that for its tables.
//
// All methods may be called concurrently.
type Disk struct {
	// mu guards all of the disk.
	mu   sync.Mutex
	root *inode
	// watch is asked before each call; see Watch.
	watch func(Call) syscall.Errno
	// gone is set by the power cut: nothing can be read or written any more.
	gone bool
	// syncs counts what was asked for.
	syncs int
	// inodes counts those that were made.
	inodes uint64
}

// inode is a file or a directory.
type inode struct {
	number uint64
	mode   uint32
	// What is seen: the pages that were written, the size and the names.
	pages map[int64][]byte
	size  int64
	names map[string]*inode
	// What is on disk.
	synced struct {
		pages map[int64][]byte
		size  int64
		names map[string]*inode
	}
	// dirty are the pages that differ, and changes what has become of the names since the last sync, in order.
	dirty   map[int64]bool
	changes []map[string]*inode
}

func newInode(number uint64, mode uint32) *inode {
	n := &inode{number: number, mode: mode, pages: map[int64][]byte{}, names: map[string]*inode{}, dirty: map[int64]bool{}}
	n.synced.pages, n.synced.names = map[int64][]byte{}, map[string]*inode{}
	return n
}

// New returns a disk with nothing on it.
func New() *Disk {
	return &Disk{root: newInode(1, syscall.S_IFDIR|0o755), inodes: 1}
}

// Syncs returns how many files and directories were synced, each as often as it was.
func (d *Disk) Syncs() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.syncs
}

// number returns the number of a new inode.
func (d *Disk) number() uint64 {
	d.inodes++
	return d.inodes
}

// readAt fills p as far as the file goes, and returns how far that is.
func (n *inode) readAt(p []byte, off int64) int {
	p = p[:max(0, min(int64(len(p)), n.size-off))]
	for done := 0; done < len(p); {
		at := off + int64(done)
		rest := p[done:min(len(p), done+int(pageSize-at%pageSize))]
		if page := n.pages[at/pageSize]; page != nil {
			copy(rest, page[at%pageSize:])
		} else {
			clear(rest)
		}
		done += len(rest)
	}
	return len(p)
}

func (n *inode) writeAt(p []byte, off int64) {
	n.size = max(n.size, off+int64(len(p)))
	for len(p) > 0 {
		done := copy(n.page(off / pageSize)[off%pageSize:], p)
		p, off = p[done:], off+int64(done)
	}
}

// page returns a page that is about to be changed.
func (n *inode) page(number int64) []byte {
	page := make([]byte, pageSize)
	copy(page, n.pages[number])
	n.pages[number], n.dirty[number] = page, true
	return page
}

func (n *inode) truncate(size int64) {
	for number := range n.pages {
		switch from := size - number*pageSize; {
		case from <= 0:
			delete(n.pages, number)
			n.dirty[number] = true
		case from < pageSize:
			clear(n.page(number)[from:])
		}
	}
	n.size = size
}

// allocate does what fallocate(2) does, but for the room, of which there is always enough.
func (n *inode) allocate(off, size int64, mode uint32) {
	if mode&unix.FALLOC_FL_PUNCH_HOLE != 0 {
		if size = min(size, n.size-off); size > 0 {
			n.writeAt(make([]byte, size), off)
		}
	} else if mode&unix.FALLOC_FL_KEEP_SIZE == 0 {
		n.size = max(n.size, off+size)
	}
}

// change gives names to inodes, or takes them away, in one step.
func (n *inode) change(names map[string]*inode) {
	apply(n.names, names)
	n.changes = append(n.changes, names)
}

func apply(to, names map[string]*inode) {
	for name, child := range names {
		if child == nil {
			delete(to, name)
		} else {
			to[name] = child
		}
	}
}

// sync makes a file or a directory durable.
func (n *inode) sync() {
	for number := range n.dirty {
		n.keep(number, n.pages[number])
	}
	clear(n.dirty)
	n.synced.size = n.size
	n.synced.names = maps.Clone(n.names)
	n.changes = nil
}

// syncName makes the name of an inode durable, with all changes of the directory before it was given that.
func (n *inode) syncName(named *inode) {
	for i := len(n.changes) - 1; i >= 0; i-- {
		for _, child := range n.changes[i] {
			if child != named {
				continue
			}
			for _, names := range n.changes[:i+1] {
				apply(n.synced.names, names)
			}
			n.changes = n.changes[i+1:]
			return
		}
	}
}

// keep puts a page on disk; nil is a hole.
func (n *inode) keep(number int64, page []byte) {
	if page == nil {
		delete(n.synced.pages, number)
	} else {
		n.synced.pages[number] = page
	}
}

// Cut takes the power away and returns the disk as it is found afterwards.
func (d *Disk) Cut(random *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone = true
	return &Disk{root: d.root.left(random, map[*inode]*inode{}), inodes: d.inodes}
}

// left returns what is left of an inode, which may have several names by then.
func (n *inode) left(random *rand.Rand, seen map[*inode]*inode) *inode {
	if seen[n] != nil {
		return seen[n]
	}
	found := newInode(n.number, n.mode)
	seen[n] = found
	for _, number := range slices.Sorted(maps.Keys(n.dirty)) {
		n.tear(random, number)
	}
	if n.synced.size != n.size && random.IntN(2) == 0 {
		n.synced.size = n.size
	}
	for _, names := range n.changes[:random.IntN(len(n.changes)+1)] {
		apply(n.synced.names, names)
	}
	found.size, found.pages = n.synced.size, n.synced.pages
	found.synced.size, found.synced.pages = found.size, maps.Clone(found.pages)
	for _, name := range slices.Sorted(maps.Keys(n.synced.names)) {
		found.names[name] = n.synced.names[name].left(random, seen)
	}
	found.synced.names = maps.Clone(found.names)
	found.truncate(found.size)
	return found
}

// tear lets a page that was not synced reach the disk, or not, or some of its sectors.
func (n *inode) tear(random *rand.Rand, number int64) {
	switch random.IntN(4) {
	case 0, 1:
	case 2:
		n.keep(number, n.pages[number])
	default:
		page := make([]byte, pageSize)
		copy(page, n.synced.pages[number])
		if now := n.pages[number]; now != nil {
			copy(page[:512*random.IntN(9)], now)
		}
		n.keep(number, page)
	}
}
