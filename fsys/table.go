package fsys

import (
	"maps"
	"strings"
	"sync"

	"pfsd/pfs"
)

// rootID is the id of the root inode, as the kernel wants it.
const rootID = 1

// treeShift says which bits of an inode's id are the number of its tree, see forest; those below count in the tree.
const treeShift = 40

// maxAbsent bounds the names of one directory that the kernel may remember as not being there.
const maxAbsent = 4096

// table is all inodes of a mount that the kernel or a handle refers to, and the tree that they form.
type table struct {
	// mu guards the maps and the place of every inode. Nothing else is locked while it is held.
	mu     sync.Mutex
	inodes map[uint64]*inode
	last   uint64
	// links are the inodes of files that have several names.
	links map[pfs.LinkID]*inode
	// strays are the open files that have lost their place, by their numbers.
	strays map[uint64]*inode
	// root never changes, and is never dropped.
	root *inode
	// key tells the numbers that are shown from those of other trees.
	key uint64
}

// newTable returns the table of the tree with a number, and with a key that no other tree has.
func newTable(root *inode, number, key uint64) *table {
	root.id, root.attached, root.lookups = number<<treeShift+rootID, true, 1
	return &table{
		inodes: map[uint64]*inode{root.id: root}, links: make(map[pfs.LinkID]*inode), strays: make(map[uint64]*inode),
		last: root.id, root: root, key: key,
	}
}

// isIdle reports whether nobody refers to any inode but the root.
func (t *table) isIdle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.inodes) == 1
}

// get returns the inode with an id, nil when there is none.
func (t *table) get(id uint64) *inode {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.inodes[id]
}

// child returns the inode at a name, nil when none is known.
func (t *table) child(dir *inode, name string) *inode {
	t.mu.Lock()
	defer t.mu.Unlock()
	return dir.children[name]
}

// enter puts n, new, at a name with one lookup counted. When there is an inode already, there or of the same file at another
// name, it returns that instead.
func (t *table) enter(dir *inode, name string, n *inode) (at *inode, entered bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if had := dir.children[name]; had != nil {
		return had, false
	}
	if had := t.links[n.link]; had != nil {
		return had, false
	}
	t.addLocked(n)
	n.lookups = 1
	t.attachLocked(dir, name, n)
	return n, true
}

// addNameless gives n, which is at no name, an id, with one lookup counted.
func (t *table) addNameless(dir, n *inode) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addLocked(n)
	n.parent, n.lookups = dir, 1
}

func (t *table) addLocked(n *inode) {
	t.last++
	n.id = t.last
	t.inodes[n.id] = n
	if !n.link.IsZero() {
		t.links[n.link] = n
	}
	if number := n.number.Load(); t.strays[number] != nil {
		// Who has the old content open must see that this is another file, as tail -F does by the inode number.
		n.apart.Store(true)
		n.number.Store(number ^ n.id)
	}
}

func (t *table) attachLocked(dir *inode, name string, n *inode) {
	if dir.children == nil {
		dir.children = make(map[string]*inode)
	}
	if had := dir.children[name]; had != nil {
		t.leaveLocked(had, dir, name)
	}
	dir.children[name] = n
	delete(dir.absent, name)
	t.settleLocked(n)
	if n.attached {
		n.others = append(n.others, place{dir, name})
		return
	}
	n.parent, n.name, n.attached = dir, name, true
}

// retake puts n where it was, in the place of what is there now.
func (t *table) retake(n *inode) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !n.attached {
		t.attachLocked(n.parent, n.name, n)
	}
}

// detach takes n away from its name.
func (t *table) detach(n *inode) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.detachLocked(n)
}

func (t *table) detachLocked(n *inode) {
	if n.attached && n.parent != nil {
		if n.parent.children[n.name] == n {
			delete(n.parent.children, n.name)
		}
		n.attached = false
		t.strayLocked(n)
	}
	for _, other := range n.others {
		if other.dir.children[other.name] == n {
			delete(other.dir.children, other.name)
		}
	}
	n.others = nil
	if t.links[n.link] == n {
		delete(t.links, n.link)
	}
}

// move does to the table what a rename does; what was at the target, if not exchanged, is left without a name.
func (t *table) move(fromDir *inode, from string, toDir *inode, to string, exchange bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	source, target := fromDir.children[from], toDir.children[to]
	if source != nil && source == target {
		return // They are names of one file.
	}
	if source != nil {
		t.leaveLocked(source, fromDir, from)
	}
	if target != nil {
		t.leaveLocked(target, toDir, to)
	}
	if source != nil {
		t.attachLocked(toDir, to, source)
	}
	if exchange && target != nil {
		t.attachLocked(fromDir, from, target)
	}
}

// count adds one lookup to n, unless it has been forgotten or has lost its place.
func (t *table) count(n *inode) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inodes[n.id] != n || !n.attached {
		return false
	}
	n.lookups++
	return true
}

// forget takes lookups away from an inode, and drops it when nobody refers to it.
func (t *table) forget(id, lookups uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.inodes[id]; n != nil && n != t.root {
		n.lookups -= min(lookups, n.lookups)
		t.dropLocked(n)
	}
}

// open counts a handle of n.
func (t *table) open(n *inode) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.opens++
}

// close counts a handle less, and returns how many are left.
func (t *table) close(n *inode) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.opens--
	return n.opens
}

// release drops n if nobody refers to it any more.
func (t *table) release(n *inode) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dropLocked(n)
}

// dropLocked drops n, and the directories above it, as far as nobody refers to them.
func (t *table) dropLocked(n *inode) {
	for n != nil && n != t.root && n.lookups == 0 && n.opens == 0 && len(n.children) == 0 && n.data.Load() == nil {
		if n.attached && n.parent.children[n.name] == n {
			// attached stays as it is: a file that has lost its place may still want to go back to it, below here.
			delete(n.parent.children, n.name)
		}
		t.dropNamesLocked(n)
		t.settleLocked(n)
		delete(t.inodes, n.id)
		n = n.parent
	}
}

// miss notes that the kernel is told that a name is not there. It reports whether it may remember that.
func (t *table) miss(dir *inode, name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(dir.absent) >= maxAbsent {
		return false
	}
	if dir.absent == nil {
		dir.absent = make(map[string]struct{})
	}
	dir.absent[name] = struct{}{}
	return true
}

// path returns where n is, or was before it lost its place; ok is false when a directory above it has lost its own, or n is
// the root's child by no name.
func (t *table) path(n *inode) (path string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pathLocked(n)
}

// childPath returns the path of a name in a directory; ok is false when that has no place in the tree.
func (t *table) childPath(dir *inode, name string) (path string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	above, ok := t.pathLocked(dir)
	if !ok || !dir.attached {
		return "", false
	}
	return joinPath(above, name), true
}

func (t *table) pathLocked(n *inode) (string, bool) {
	if n == t.root {
		return "", true
	}
	if n.name == "" {
		return "", false
	}
	names := []string{n.name}
	for dir := n.parent; dir != t.root; dir = dir.parent {
		if !dir.attached {
			return "", false
		}
		names = append(names, dir.name)
	}
	var b strings.Builder
	for i := len(names) - 1; i >= 0; i-- {
		b.WriteString(names[i])
		if i > 0 {
			b.WriteByte('/')
		}
	}
	return b.String(), true
}

// isAttached reports whether n has a name.
func (t *table) isAttached(n *inode) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return n.attached
}

// wasAt reports whether n has lost its place, and that was at a name of dir.
func (t *table) wasAt(n, dir *inode, name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !n.attached && n.parent == dir && n.name == name
}

// lostTo reports whether n has lost its place, and winner has it.
func (t *table) lostTo(n, winner *inode) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !n.attached && winner.attached && n.parent == winner.parent && n.name == winner.name
}

// isBelow reports whether n is somewhere below dir.
func (t *table) isBelow(n, dir *inode) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for up := n.parent; up != nil; up = up.parent {
		if up == dir {
			return true
		}
	}
	return false
}

// private returns the names in dir that this mount alone has, and their inodes.
func (t *table) private(dir *inode) map[string]*inode {
	t.mu.Lock()
	defer t.mu.Unlock()
	var names map[string]*inode
	for name, n := range dir.children {
		if !n.linked.Load() {
			if names == nil {
				names = make(map[string]*inode)
			}
			names[name] = n
		}
	}
	return names
}

// joinPath returns the path of a name in a directory.
func joinPath(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// isClosed reports whether n has no handle.
func (t *table) isClosed(n *inode) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return n.opens == 0
}

// known returns what the kernel may know of the names in dir: the inodes, and the names that are not there, which are
// forgotten here.
func (t *table) known(dir *inode) (children map[string]*inode, absent []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name := range dir.absent {
		absent = append(absent, name)
	}
	dir.absent = nil
	return maps.Clone(dir.children), absent
}
