package fsys

import (
	"strings"
	"sync"

	"pfsd/pfs"
)

// Names are the names of new files that a mount has promised and not linked yet. Mounts of one store share one, so that of
// two exclusive creations of a name in two mounts one fails. Its methods may be called concurrently.
type Names struct {
	// mu guards what follows; nothing else is locked while it is held.
	mu    sync.Mutex
	taken map[promise]*inode
	// held are the paths at which, and below which, nothing is promised just now. Who holds one waits for nobody that
	// waits in take.
	held map[*promise]struct{}
	// freed tells those in take that less is held.
	freed *sync.Cond
}

// promise is a path of a branch.
type promise struct {
	ref  pfs.Ref
	path string
}

// isBelow reports whether p is below a directory, which may be the root.
func (p promise) isBelow(dir promise) bool {
	return p.ref == dir.ref && (dir.path == "" || strings.HasPrefix(p.path, dir.path+"/"))
}

// NewNames returns an empty set.
func NewNames() *Names {
	s := &Names{taken: make(map[promise]*inode), held: make(map[*promise]struct{})}
	s.freed = sync.NewCond(&s.mu)
	return s
}

// take promises a path to n, and reports whether nobody has it. While somebody holds it, or a directory above it, it waits:
// what it finds then is what has become of that.
func (s *Names) take(p promise, n *inode) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.isHeldLocked(p) {
		s.freed.Wait()
	}
	if s.taken[p] != nil {
		return false
	}
	s.taken[p] = n
	return true
}

// hold keeps a path, and what is below it, from being promised to anybody until free is called. So who then finds that
// nothing is promised there can change what is there in the store, and no new file loses its place unseen.
func (s *Names) hold(p promise) (free func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[&p] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.held, &p)
		s.freed.Broadcast()
	}
}

func (s *Names) isHeldLocked(p promise) bool {
	for held := range s.held {
		if p == *held || p.isBelow(*held) {
			return true
		}
	}
	return false
}

// isTaken reports whether a path is promised.
func (s *Names) isTaken(p promise) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[p] != nil
}

// anyBelow reports whether a name below a directory, which may be the root, is promised.
func (s *Names) anyBelow(dir promise) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.taken {
		if p.isBelow(dir) {
			return true
		}
	}
	return false
}

// rename makes the promises of a branch those of the name that it has got.
func (s *Names) rename(from, to pfs.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, owner := range s.taken {
		if p.ref == from {
			delete(s.taken, p)
			s.taken[promise{to, p.path}] = owner
		}
	}
	for held := range s.held {
		if held.ref == from {
			held.ref = to
		}
	}
}

// drop ends all promises to n.
func (s *Names) drop(n *inode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, owner := range s.taken {
		if owner == n {
			delete(s.taken, p)
		}
	}
}

// hasNewFiles reports whether the directory at path has files that are not linked, in this mount or another one: the store
// takes it for empty, and who has them open does not.
func (m *mount) hasNewFiles(dir *inode, path string) bool {
	return dir != nil && len(m.table.private(dir)) > 0 || m.cfg.Names.anyBelow(promise{m.ref(), path})
}

// changeNew is change for what makes something new at path, which must not be promised to a file.
func (m *mount) changeNew(who users, path string, fn func(*pfs.Tx) error) error {
	p := promise{m.ref(), path}
	defer m.cfg.Names.hold(p)()
	if m.cfg.Names.isTaken(p) {
		return &pfs.Error{Op: "fsys.make", Kind: pfs.KindExists, Path: path}
	}
	return m.change(who, fn)
}

// unreserve ends the promise of n's name, when it is linked or gone.
func (m *mount) unreserve(n *inode) { m.cfg.Names.drop(n) }
