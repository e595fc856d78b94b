package fsys

import (
	"slices"

	"pfsd/pfs"
)

// place is a name in a directory.
type place struct {
	dir  *inode
	name string
}

// leaveLocked takes n away from one of its names, which may be its last.
func (t *table) leaveLocked(n, dir *inode, name string) {
	if dir.children[name] == n {
		delete(dir.children, name)
	}
	if i := slices.Index(n.others, place{dir, name}); i >= 0 {
		n.others = slices.Delete(n.others, i, i+1)
		return
	}
	if n.parent != dir || n.name != name {
		return
	}
	if last := len(n.others) - 1; last >= 0 {
		n.parent, n.name = n.others[last].dir, n.others[last].name
		n.others = n.others[:last]
		return
	}
	n.attached = false
	t.strayLocked(n)
}

// leave takes n away from one of its names.
func (t *table) leave(n, dir *inode, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaveLocked(n, dir, name)
}

// shared returns the inode of a file that has several names, nil when none is known.
func (t *table) shared(id pfs.LinkID) *inode {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.links[id]
}

// isShared reports whether n is what is shown of a file that has several names.
func (t *table) isShared(n *inode) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !n.link.IsZero() && t.links[n.link] == n
}

// share notes that n is the file with an id. When another inode has been shown of that, it keeps its names, and share
// reports false: n can be changed by the id all the same. The caller holds n.mu.
func (t *table) share(n *inode, id pfs.LinkID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.link = id
	if had := t.links[id]; had != nil && had != n {
		return false
	}
	t.links[id] = n
	return true
}

// join puts n at a further name of it with one lookup counted. It reports false when there is another inode, or n has been
// forgotten.
func (t *table) join(n, dir *inode, name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	had := dir.children[name]
	if had != nil && had != n || t.inodes[n.id] != n || t.links[n.link] != n {
		return false
	}
	if had == nil {
		t.attachLocked(dir, name, n)
	}
	n.lookups++
	return true
}

// succeed puts n, which is what has become of the file that it shares, at all names of the inode that was shown of it, and
// returns those.
func (t *table) succeed(n *inode) []place {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.succeedLocked(n)
}

// prevail is share for an n that is what has become of the file: it succeeds to the other inode. The caller holds n.mu.
func (t *table) prevail(n *inode, id pfs.LinkID) []place {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.link = id
	return t.succeedLocked(n)
}

func (t *table) succeedLocked(n *inode) []place {
	had := t.links[n.link]
	if had == n {
		return nil
	}
	t.links[n.link] = n
	if had == nil {
		return nil
	}
	places := append([]place{{had.parent, had.name}}, had.others...)
	if !had.attached {
		places = nil
	}
	t.detachLocked(had)
	for _, p := range places {
		t.attachLocked(p.dir, p.name, n)
	}
	return places
}

// places returns the names of n that are known.
func (t *table) places(n *inode) []place {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !n.attached {
		return nil
	}
	return append([]place{{n.parent, n.name}}, n.others...)
}

// dropNamesLocked drops all further names of n, and the directories that nobody refers to any more without them.
func (t *table) dropNamesLocked(n *inode) {
	others := n.others
	n.others = nil
	for _, other := range others {
		if other.dir.children[other.name] == n {
			delete(other.dir.children, other.name)
		}
	}
	if t.links[n.link] == n {
		delete(t.links, n.link)
	}
	for _, other := range others {
		t.dropLocked(other.dir)
	}
}

// isAt reports whether n is at a name.
func (t *table) isAt(n, dir *inode, name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return dir.children[name] == n
}

// countAt adds one lookup to n, unless it has been forgotten or is not at a name any more.
func (t *table) countAt(n, dir *inode, name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inodes[n.id] != n || !n.attached || dir.children[name] != n {
		return false
	}
	n.lookups++
	return true
}

// name puts n, which has none, at a name with one lookup counted.
func (t *table) name(n, dir *inode, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.attachLocked(dir, name, n)
	n.lookups++
}
