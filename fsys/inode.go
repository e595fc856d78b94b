package fsys

import (
	"sync"
	"sync/atomic"

	"pfsd/pfs"
)

// inode is one file of any kind as the kernel knows it. It stays the same when it is renamed, and it never gets content
// from elsewhere.
type inode struct {
	// id is the kernel's node id; it is never used again in the life of a mount.
	id uint64
	// number is what the store has as Entry.Number, of which table.shown makes the inode number; of an inode that is apart
	// another one, see table.addLocked.
	number atomic.Uint64
	apart  atomic.Bool
	// strayAs is the number under which table.strays has it. table.mu guards it.
	strayAs uint64
	kind    pfs.EntryKind

	// Where it is. table.mu guards these. An inode that is not attached has lost its place to another one, or was removed;
	// parent and name still say where that was.
	parent   *inode
	name     string
	attached bool
	// others are the further names of a file that has several, as far as they are known here.
	others   []place
	children map[string]*inode
	// absent are the names that the kernel has been told are not there.
	absent map[string]struct{}
	// lookups is how many references the kernel has, opens how many handles.
	lookups uint64
	opens   int

	// folding is held by the one that folds written bytes into a new content, or links that. It comes before all other
	// locks.
	folding sync.Mutex

	// mu guards what follows. It is held across Store.Apply, so that nobody compares the inode with a snapshot that is
	// ahead of it.
	mu   sync.Mutex
	attr attr
	// link names a file that has several names, or had; zero for one that never had. It is set once, with table.mu held too,
	// so that it can be read with either.
	link pfs.LinkID
	// names is how many those are.
	names uint32
	// content of a file as it was when the store and this inode last agreed.
	content pfs.Content
	// stored is how many bytes storedOf, one of the contents that it has had, has outside of holes.
	stored   int64
	storedOf pfs.Content
	// target of a symlink.
	target string
	// meta is what users have attached; a value that is never changed.
	meta *pfs.Meta
	// device number, of a device.
	device uint64
	// writers is the number of handles that can write.
	writers int
	// deleted is set once its name has been removed: it is not linked any more, whatever is written.
	deleted bool

	// named is when a name last came to a directory in this mount alone; the store learns of it when that is linked.
	// 0 when none has since its time was set.
	named atomic.Int64
	// changes counts how often names in a directory have come or gone in another way than by a request of the kernel.
	changes atomic.Uint64
	// cached is 1 more than changes was when the kernel began to cache the listing of the directory that it may have; 0 when
	// it must not use that any more.
	cached atomic.Uint64
	// linked is set when the store has, or had, an entry for it. A file that is not is known in this mount alone.
	linked atomic.Bool
	// data of a regular file that is open or has changes; set under mu, and never unset while it is open.
	data atomic.Pointer[fileData]
}

// attr are the attributes of an inode that a fileData does not overrule. Times are in nanoseconds since 1970.
type attr struct {
	mode, uid, gid      uint32
	mtime, ctime, btime int64
	// atime is kept in memory alone; 0 stands for mtime.
	atime int64
}

// newInode returns an inode that shows e.
func newInode(e *pfs.Entry) *inode {
	n := &inode{kind: e.Kind, link: e.Link}
	n.adoptLocked(e)
	n.linked.Store(true)
	return n
}

// adoptLocked takes over the attributes that the store has.
func (n *inode) adoptLocked(e *pfs.Entry) {
	n.attr = attr{
		mode: e.Mode, uid: e.UID, gid: e.GID, mtime: e.Mtime, ctime: e.Ctime, btime: e.Btime, atime: n.attr.atime,
	}
	n.content, n.target, n.device, n.meta, n.names = e.Content, e.Target, e.Device, e.Meta, e.NLink
	if e.Number != 0 && !n.apart.Load() {
		n.number.Store(e.Number)
	}
}

// showsLocked reports whether e is what n shows, but for attributes.
func (n *inode) showsLocked(e *pfs.Entry) bool {
	return n.linked.Load() && n.kind == e.Kind && n.content == e.Content && n.target == e.Target && n.device == e.Device
}

// entryLocked returns n as an entry, its content being as last linked.
func (n *inode) entryLocked() pfs.Entry {
	return pfs.Entry{
		Kind: n.kind, Number: n.number.Load(), Mode: n.attr.mode, UID: n.attr.uid, GID: n.attr.gid,
		Mtime: n.attr.mtime, Ctime: n.attr.ctime, Btime: n.attr.btime,
		Content: n.content, Target: n.target, Device: n.device, Meta: n.meta, Explicit: n.kind == pfs.EntryDir,
	}
}

// isFile reports whether n has bytes.
func (n *inode) isFile() bool { return n.kind == pfs.EntryFile }
